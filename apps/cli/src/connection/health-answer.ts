import { GatewayError } from '@omni/ports';
import { unauthorized } from './http-connection.ts';
import { isJsonObject, member, textMember } from '../output/json-value.ts';
import type { ServerStatus } from '../output/server-list.ts';

const COMPONENT = 'upstream:';

/**
 * The servers in the body of `/health/ready`, as a gateway tells those who show a token.
 *
 * @param isWithheld - Whether it was not shown the token that there is.
 * @throws {@link GatewayError} `OMNI_GATEWAY_UNREACHABLE` when no Omni can have written it,
 * `OMNI_AUTH_REQUIRED` when it holds no details.
 */
export function serversOfHealth(text: string, isWithheld: boolean): readonly ServerStatus[] {
  const body = parsed(text);
  if (!isJsonObject(body) || textMember(body, 'status') === undefined) {
    throw new GatewayError('OMNI_GATEWAY_UNREACHABLE', 'The program at this address is not Omni');
  }
  const details = member(body, 'details');
  if (!isJsonObject(details)) {
    throw unauthorized(isWithheld);
  }
  return Object.entries(details).flatMap(([component, facts]) =>
    component.startsWith(COMPONENT) ? [serverStatus(component.slice(COMPONENT.length), facts)] : [],
  );
}

function serverStatus(name: string, facts: unknown): ServerStatus {
  const error = member(facts, 'lastError');
  const retry = member(facts, 'retryInMs');
  return {
    name,
    state: textMember(facts, 'state') ?? 'unknown',
    health_status: textMember(facts, 'health_status'),
    circuit_state: textMember(facts, 'circuit_state'),
    level: textMember(facts, 'level'),
    health: healthOf(member(facts, 'health')),
    era: textMember(facts, 'era'),
    tools: count(facts, 'tools'),
    resources: count(facts, 'resources'),
    prompts: count(facts, 'prompts'),
    lastError: isJsonObject(error)
      ? {
          code: textMember(error, 'code') ?? '',
          message: textMember(error, 'message') ?? '',
          hint: textMember(error, 'hint') ?? '',
        }
      : undefined,
    retryInMs: typeof retry === 'number' ? retry : undefined,
    problems: entries(facts, 'problems').map((problem) => ({
      kind: textMember(problem, 'kind') ?? '',
      isPartial: member(problem, 'isPartial') === true,
      reason: textMember(problem, 'reason') ?? '',
    })),
    withheld: entries(facts, 'withheld').map((item) => ({
      kind: textMember(item, 'kind') ?? '',
      name: textMember(item, 'name') ?? '',
      reason: textMember(item, 'reason') ?? '',
    })),
    ownerReports: entries(facts, 'ownerReports').map((report) => ({
      id: textMember(report, 'id') ?? '',
      at: count(report, 'at'),
      what: textMember(report, 'what') ?? '',
      lines: entries(report, 'lines').filter((line) => typeof line === 'string'),
    })),
  };
}

function healthOf(health: unknown): ServerStatus['health'] {
  if (!isJsonObject(health)) return undefined;
  const text = (key: string): string => textMember(health, key) ?? '';
  return {
    level: text('level'),
    admin_state: text('admin_state'),
    summary: text('summary'),
    detail: text('detail'),
    action: text('action'),
  };
}

function entries(facts: unknown, key: string): readonly unknown[] {
  const value = member(facts, key);
  return Array.isArray(value) ? value : [];
}

function count(facts: unknown, key: string): number {
  const value = member(facts, key);
  return typeof value === 'number' ? value : 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
