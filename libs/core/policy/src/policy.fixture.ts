import type { PolicyPrincipal, PolicyRequest, PolicyTarget } from './policy-request.ts';

export const READ = { isReadOnly: true, isIdempotent: true, isDestructive: false } as const;
export const WRITE = { isReadOnly: false, isIdempotent: false, isDestructive: false } as const;

export function tool(name: string, more: Partial<PolicyTarget> = {}): PolicyTarget {
  return { kind: 'tools', server: 'files', name, hints: READ, trustsHints: true, ...more };
}

export function user(id: string, more: Partial<PolicyPrincipal> = {}): PolicyPrincipal {
  return { id, kind: 'token', ...more };
}

export function call(
  principal: PolicyPrincipal,
  target: PolicyTarget,
  args?: unknown,
  nowMs: number = Date.parse('2026-01-01T12:00:00Z'),
): PolicyRequest {
  if (args === undefined) return { principal, target, nowMs };
  return { principal, target, nowMs, argumentsText: typeof args === 'string' ? args : JSON.stringify(args) };
}

/** Everybody has the role `user`. */
export const EVERYBODY = [{ roles: ['user'], principals: ['*'] }];
