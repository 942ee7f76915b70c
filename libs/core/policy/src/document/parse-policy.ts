import { GatewayError } from '@omni/ports';
import * as z from 'zod/mini';
import { BUILT_IN_ROLES, builtInRules } from './built-in-rules.ts';
import {
  APPROVER_USER,
  type PolicyDocument,
  PolicySchema,
  type RuleSettings,
  TARGET_KINDS,
} from './policy-schema.ts';

/**
 * Checks a policy and fills in its defaults. Conditions are checked when it is compiled.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`; the message lists every fault.
 */
export function parsePolicy(input: unknown): PolicyDocument {
  const result = z.safeParse(PolicySchema, input);
  if (!result.success)
    throw new GatewayError('OMNI_CONFIG_INVALID', `The policy was rejected: ${issuesOf(result.error)}`, {
      cause: result.error,
    });
  const faults = faultsOf(result.data);
  if (faults.length > 0)
    throw new GatewayError('OMNI_CONFIG_INVALID', `The policy was rejected: ${faults.join('; ')}`);
  return result.data;
}

function issuesOf({ issues }: z.core.$ZodError): string {
  return issues.map((issue) => `${issue.path.join('.') || 'policy'}: ${faultOf(issue)}`).join('; ');
}

function faultOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `has no setting ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'invalid_type':
      return `must be ${issue.expected}`;
    case 'invalid_union':
      return 'must be "all", "none", {allow: [patterns]} or {deny: [patterns]}, or a plain value where values stand';
    default:
      return issue.message;
  }
}

function faultsOf(document: PolicyDocument): readonly string[] {
  const known = new Set([...BUILT_IN_ROLES, ...document.bindings.flatMap(({ roles }) => roles)]);
  const ids = new Set(builtInRules(document).map(({ id }) => id));
  const faults: string[] = [];
  for (const rule of document.rules) {
    faults.push(...faultsOfRule(rule, known));
    if (ids.has(rule.id)) faults.push(`rule "${rule.id}": another rule has this id`);
    ids.add(rule.id);
  }
  for (const [index, { principals, kinds, groups, claims }] of document.bindings.entries())
    if (/* guard: policy/bound-to-nobody */ [principals, kinds, groups, claims].every((part) => !part))
      faults.push(`bindings.${index}: names no principals, kinds, groups or claims`);
  return faults;
}

function faultsOfRule(rule: RuleSettings, known: ReadonlySet<string>): readonly string[] {
  const faults: string[] = [];
  const fault = (text: string): void => void faults.push(`rule "${rule.id}": ${text}`);
  if (TARGET_KINDS.every((kind) => rule[kind] === 'none')) fault(`names none of ${TARGET_KINDS.join(', ')}`);
  for (const role of [...(rule.roles ?? []), rule.approver])
    if (!known.has(role) && !(role === APPROVER_USER && rule.roles?.includes(role) !== true))
      fault(`nobody can have the role "${role}": no binding gives it`);
  if (rule.approver !== APPROVER_USER && rule.effect !== 'ask') fault('approver belongs to ask rules');
  return faults;
}
