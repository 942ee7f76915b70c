import type { CelMap, SizedValues } from '../conditions/argument-values.ts';
import type { Condition, ConditionFacts } from '../conditions/condition.ts';
import { stepsOf } from '../conditions/condition-cost.ts';
import type { Tier } from '../document/policy-schema.ts';
import type { Decision, Layer } from '../policy-request.ts';
import { type CompiledRule, reasonOf } from './compiled-rule.ts';

/** A rule whose condition is left, because it hangs on the single call. */
export interface OpenRule {
  readonly rule: CompiledRule;
  readonly condition: Condition;
  /** Its place among those that speak. */
  readonly at: number;
}

/** What is known of a principal and a target before there is a call. */
export type Plan =
  | { readonly kind: 'settled'; readonly decision: Decision }
  | {
      readonly kind: 'open';
      /** In the order in which rules speak. */
      readonly open: readonly OpenRule[];
      /** What comes of it when none of them holds that speaks before `otherwiseAt`. */
      readonly otherwise: Decision;
      readonly otherwiseAt: number;
      readonly facts: ConditionFacts;
      readonly size: Pick<SizedValues, 'longest' | 'length'>;
    };

export interface PlanContext {
  readonly tier: Tier;
  readonly facts: ConditionFacts;
  readonly size: Pick<SizedValues, 'longest' | 'length'>;
  readonly maxCost: number;
}

/**
 * Settles what can be settled without a call: rules without a condition, and conditions that are true or
 * false whatever the arguments and the time are.
 *
 * @param rules - Those that are about the principal and the target, in the order in which they speak.
 */
export function planFor(rules: readonly CompiledRule[], context: PlanContext): Plan {
  const { tier, facts, size } = context;
  const open: OpenRule[] = [];
  let decided: CompiledRule | undefined;
  let otherwiseAt = rules.length;
  for (const [at, rule] of rules.entries()) {
    const held = heldBefore(rule, context);
    // guard: policy/failed-condition
    if (held === undefined) return settled('condition', rule, tier);
    if (typeof held === 'object') open.push({ rule, condition: held, at });
    else if (held && rule.effect === 'deny') return settled('rule', rule, tier);
    else if (held && decided === undefined) [decided, otherwiseAt] = [rule, at];
  }
  const otherwise = decisionOf(decided === undefined ? 'default' : 'rule', decided, tier);
  if (open.length === 0) return { kind: 'settled', decision: otherwise };
  return { kind: 'open', open, otherwise, otherwiseAt, facts, size };
}

/** Whether a call may be allowed, or asked for, whatever it is. */
export function mayPass(plan: Plan): boolean {
  if (plan.kind === 'settled') return plan.decision.effect !== 'deny';
  return plan.otherwise.effect !== 'deny' || plan.open.some(({ rule }) => rule.effect !== 'deny');
}

/**
 * Judges the conditions that are left. All of them, whatever the first one says: one that fails denies the
 * call.
 */
export function judged(
  plan: Extract<Plan, { readonly kind: 'open' }>,
  call: { readonly args: SizedValues; readonly now: Date | undefined },
  maxCost: number,
): Decision {
  const { tier } = plan.otherwise;
  const facts = factsWith(plan.facts, call.args.values, call.now);
  const longest = Math.max(plan.size.longest, call.args.longest);
  const length = plan.size.length + call.args.length;
  let decided: OpenRule | undefined;
  for (const candidate of plan.open) {
    const { rule, condition } = candidate;
    const isAffordable = stepsOf(condition.cost, longest, length) <= maxCost;
    const held = /* guard: policy/cost */ isAffordable ? condition.holds(facts) : undefined;
    // guard: policy/failed-condition
    if (held === undefined) return decisionOf('condition', rule, tier);
    if (held && rule.effect === 'deny') return decisionOf('rule', rule, tier);
    if (held) decided ??= candidate;
  }
  return decided === undefined || plan.otherwiseAt < decided.at
    ? plan.otherwise
    : decisionOf('rule', decided.rule, tier);
}

export function decisionOf(layer: Layer, rule: CompiledRule | undefined, tier: Tier): Decision {
  const denies = rule === undefined || layer === 'condition';
  return {
    effect: denies ? 'deny' : rule.effect,
    layer,
    ...(rule !== undefined && { rule: rule.id }),
    why: reasonOf(layer, rule),
    tier,
    ...(!denies && rule.effect === 'ask' && { approver: rule.approver }),
  };
}

function settled(layer: Layer, rule: CompiledRule, tier: Tier): Plan {
  return { kind: 'settled', decision: decisionOf(layer, rule, tier) };
}

/** The condition when it hangs on the call; `undefined` when it fails whatever the call is. */
function heldBefore({ condition }: CompiledRule, context: PlanContext): boolean | Condition | undefined {
  if (condition === undefined) return true;
  const { facts, size, maxCost } = context;
  const isAffordable = stepsOf(condition.cost, size.longest, size.length) <= maxCost;
  if (!isAffordable) return undefined;
  const held = condition.holds(facts);
  return held === undefined && condition.isOfCall ? condition : held;
}

function factsWith(facts: ConditionFacts, args: CelMap, now: Date | undefined): ConditionFacts {
  return now === undefined ? { ...facts, args } : { ...facts, args, now };
}
