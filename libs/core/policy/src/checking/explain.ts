import type { RuleEngine } from '../deciding/rule-engine.ts';
import type { CompiledRule } from '../deciding/compiled-rule.ts';
import { DEFAULT_TENANT, type Effect } from '../document/policy-schema.ts';
import type { Decision, PolicyRequest } from '../policy-request.ts';

/** Whether a rule speaks for a call, or why not. */
export type RuleVerdict =
  | 'applies'
  /** Nobody in the tenant, or not the roles of the rule. */
  | 'other-roles'
  /** Another kind, server or name. */
  | 'other-target'
  | 'other-tier'
  /** Its condition is false. */
  | 'condition-false'
  /** Its condition fails, costs too much, or cannot read the arguments: the call is denied. */
  | 'condition-failed';

/** Why a call is answered as it is. */
export interface Explanation {
  readonly decision: Decision;
  readonly tenant: string;
  /** Of the principal, there; sorted. */
  readonly roles: readonly string[];
  /** All rules, in the order in which they speak. */
  readonly rules: readonly { readonly id: string; readonly effect: Effect; readonly verdict: RuleVerdict }[];
}

export function explainedBy(engine: RuleEngine, request: PolicyRequest): Explanation {
  const { principal, target } = request;
  const tenant = target.tenant ?? DEFAULT_TENANT;
  const roles = engine.rolesOf(principal, tenant);
  const tier = engine.tierOf(target);
  const verdictOf = (rule: CompiledRule): RuleVerdict => {
    if (roles === undefined || !rule.isFor(roles)) return 'other-roles';
    if (!rule.isAbout(target)) return 'other-target';
    if (!rule.hasTier(tier)) return 'other-tier';
    if (rule.condition === undefined) return 'applies';
    return conditionVerdict(engine, rule, request);
  };
  return {
    decision: engine.decide(request),
    tenant,
    roles: [...(roles ?? [])].sort(),
    rules: engine.rules.map((rule) => ({ id: rule.id, effect: rule.effect, verdict: verdictOf(rule) })),
  };
}

/** The rule is judged alone, as if there were no other. */
function conditionVerdict(engine: RuleEngine, rule: CompiledRule, request: PolicyRequest): RuleVerdict {
  const { layer } = engine.judge(engine.planOfRules([rule], request.principal, request.target), request);
  if (layer === 'rule') return 'applies';
  return layer === 'default' ? 'condition-false' : 'condition-failed';
}
