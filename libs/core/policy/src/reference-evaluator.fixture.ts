import type { PolicyInput } from './document/policy-schema.ts';
import type { PolicyPrincipal, PolicyRequest, PolicyTarget } from './policy-request.ts';

/** Conditions, and what they mean, written apart from CEL. */
export const CONDITIONS: Readonly<Record<string, (facts: ReferenceFacts) => boolean | undefined>> = {
  'args.n > 3': ({ args }) => (typeof args['n'] === 'number' ? args['n'] > 3 : undefined),
  'has(args.path) && args.path.startsWith("/srv/")': ({ args }) =>
    args['path'] === undefined
      ? false
      : typeof args['path'] === 'string'
        ? args['path'].startsWith('/srv/')
        : undefined,
  'principal.id == "alice"': ({ principal }) => principal.id === 'alice',
  'principal.id == "alice" && args.n == 1': ({ principal, args }) =>
    principal.id === 'alice' ? (args['n'] === undefined ? undefined : args['n'] === 1) : false,
  'annotations.readOnlyHint': ({ target }) =>
    target.trustsHints === true && target.hints?.isReadOnly === true,
  'now < timestamp("2026-06-01T00:00:00Z")': ({ nowMs }) => nowMs < Date.parse('2026-06-01T00:00:00Z'),
  'args.list.exists(item, item == "x")': ({ args }) =>
    Array.isArray(args['list']) ? args['list'].includes('x') : undefined,
  'target.name.like("*_file") || args.n == 2': ({ target, args }) =>
    target.name.endsWith('_file') ? true : args['n'] === undefined ? undefined : args['n'] === 2,
  'principal.claims.level >= 2': ({ principal }) => {
    const level = principal.claims?.['level'];
    return typeof level === 'number' ? level >= 2 : undefined;
  },
};

export interface ReferenceFacts {
  readonly principal: PolicyPrincipal;
  readonly target: PolicyTarget;
  readonly args: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
}

export interface ReferenceAnswer {
  readonly effect: 'allow' | 'deny' | 'ask';
  readonly rule?: string;
}

const TIER_NUMBERS: Readonly<Record<string, number>> = { read: 0, write: 1, destructive: 2 };

/** What a policy says, one question after the other; nothing is compiled, ordered or remembered. */
export function referenceAnswer(policy: PolicyInput, request: PolicyRequest): ReferenceAnswer {
  const { principal, target } = request;
  const held = (policy.bindings ?? []).filter((binding) => {
    if ((binding.tenant ?? 'default') !== (target.tenant ?? 'default')) return false;
    if (binding.principals && !binding.principals.some((pattern) => globs(pattern, principal.id)))
      return false;
    if (binding.kinds && !binding.kinds.includes(principal.kind)) return false;
    const groups = principal.groups ?? [];
    if (binding.groups && !groups.some((group) => binding.groups?.some((pattern) => globs(pattern, group))))
      return false;
    for (const [key, value] of Object.entries(binding.claims ?? {})) {
      const claim = principal.claims?.[key];
      if (Array.isArray(claim) ? !claim.includes(value) : claim !== value) return false;
    }
    return true;
  });
  const roles = held.flatMap((binding) => binding.roles);
  if (roles.length === 0) return { effect: 'deny' };
  const tier = referenceTier(policy, target);
  const about = (policy.rules ?? []).filter((rule) => {
    if (rule.roles && !rule.roles.some((role) => roles.includes(role))) return false;
    if (!inScope(rule.servers ?? 'all', target.server)) return false;
    if (!inScope(rule[target.kind] ?? 'none', target.name)) return false;
    const lowest = TIER_NUMBERS[rule.from ?? 'read'] ?? 0;
    return tier >= lowest && tier <= (TIER_NUMBERS[rule.upTo ?? 'destructive'] ?? 2);
  });
  const args = JSON.parse(request.argumentsText ?? '{}') as Readonly<Record<string, unknown>>;
  const facts = { principal, target, args, nowMs: request.nowMs };
  const answers = about.map((rule) => ({
    rule,
    holds: rule.when === undefined ? true : CONDITIONS[rule.when]?.(facts),
  }));
  if (answers.some(({ rule, holds }) => rule.effect === 'deny' && holds)) return { effect: 'deny' };
  if (answers.some(({ holds }) => holds === undefined)) return { effect: 'deny' };
  for (const effect of ['ask', 'allow'] as const) {
    const first = answers.find(({ rule, holds }) => holds && rule.effect === effect);
    if (first) return { effect, rule: first.rule.id };
  }
  return { effect: 'deny' };
}

function referenceTier(policy: PolicyInput, target: PolicyTarget): number {
  if (target.kind === 'resources' || target.kind === 'prompts') return 0;
  if (target.kind === 'operations') return 2;
  for (const entry of policy.tiers ?? [])
    if (inScope(entry.servers ?? 'all', target.server) && inScope(entry[target.kind] ?? 'none', target.name))
      return TIER_NUMBERS[entry.tier] ?? 2;
  if (target.trustsHints !== true || target.hints === undefined) return 2;
  if (target.hints.isReadOnly) return 0;
  return target.hints.isDestructive ? 2 : 1;
}

type ScopeInput = 'all' | 'none' | { readonly allow: string[] } | { readonly deny: string[] };

function inScope(scope: ScopeInput, name: string): boolean {
  if (scope === 'all') return true;
  if (scope === 'none') return false;
  if ('allow' in scope) return scope.allow.some((pattern) => globs(pattern, name));
  return !scope.deny.some((pattern) => globs(pattern, name));
}

/** Letter by letter. */
export function globs(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*'))
    return globs(pattern.slice(1), text) || (text !== '' && globs(pattern, text.slice(1)));
  return text !== '' && pattern[0] === text[0] && globs(pattern.slice(1), text.slice(1));
}
