import type { Plan } from '../deciding/plan.ts';
import { RuleEngine } from '../deciding/rule-engine.ts';
import { parsePolicy } from '../document/parse-policy.ts';
import { type Effect, type PolicyDocument, type Tier, TIERS } from '../document/policy-schema.ts';
import type { PolicyPrincipal, PolicyTarget } from '../policy-request.ts';
import { withTier } from './test-policy.ts';

/** What a policy says of a principal, a target and a tier. */
export type Answer = Effect | 'undetermined';

/** A call whose answer is another one, or whose answer shows that it hangs on the call. */
export interface Witness {
  /** JSON. */
  readonly argumentsText: string;
  readonly nowMs: number;
  readonly before: Effect;
  readonly after: Effect;
}

/** One answer that a change of policies changes, or may change. */
export interface PolicyChange {
  readonly principal: PolicyPrincipal;
  readonly target: PolicyTarget;
  /** What trusted annotations of the target say. */
  readonly tier: Tier;
  readonly before: Answer;
  readonly after: Answer;
  /** Conditions that the answers hang on, as `rule: condition`. */
  readonly conditions: readonly string[];
  /** Where an answer is undetermined: a call that was tried; one whose answer differs, if there is any. */
  readonly witness?: Witness;
}

/** Calls to try, beside those without arguments and those of the tests of both policies. */
export interface Samples {
  /** JSON of objects. */
  readonly argumentsTexts?: readonly string[];
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Every principal × target × tier whose answer another policy changes. Exhaustive where no condition hangs on
 * arguments or time; elsewhere what both policies judge by the same conditions is unchanged, and the rest is
 * undetermined.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when one of the two is none.
 */
export function diffPolicies(
  before: unknown,
  after: unknown,
  principals: readonly PolicyPrincipal[],
  targets: readonly PolicyTarget[],
  samples: Samples,
): readonly PolicyChange[] {
  const documents = [parsePolicy(before), parsePolicy(after)] as const;
  const policies = [compiled(documents[0]), compiled(documents[1])] as const;
  const texts = ['{}', ...(samples.argumentsTexts ?? []), ...documents.flatMap(argumentsOfTests)];
  const calls = texts.map((argumentsText) => ({ argumentsText, nowMs: samples.nowMs }));
  return principals.flatMap((principal) =>
    targets.flatMap((target) =>
      tiersOf(target).flatMap(
        (tier) => changeOf(policies, { principal, target: withTier(target, tier), tier }, calls) ?? [],
      ),
    ),
  );
}

interface Compiled {
  readonly document: PolicyDocument;
  readonly engine: RuleEngine;
}

function compiled(document: PolicyDocument): Compiled {
  return { document, engine: new RuleEngine(document) };
}

/** Other kinds than these have one tier. */
function tiersOf({ kind }: PolicyTarget): readonly Tier[] {
  if (kind === 'tools' || kind === 'extensions') return TIERS;
  return kind === 'operations' ? ['destructive'] : ['read'];
}

function argumentsOfTests({ tests }: PolicyDocument): readonly string[] {
  return tests.flatMap((test) => (test.arguments === undefined ? [] : [JSON.stringify(test.arguments)]));
}

function changeOf(
  [before, after]: readonly [Compiled, Compiled],
  asked: Pick<PolicyChange, 'principal' | 'target' | 'tier'>,
  calls: readonly { readonly argumentsText: string; readonly nowMs: number }[],
): PolicyChange | undefined {
  const { principal, target } = asked;
  const plans = [before.engine.planOf(principal, target), after.engine.planOf(principal, target)] as const;
  const [old, now] = plans;
  const answers = { before: answerOf(old), after: answerOf(now) };
  if (/* guard: policy/same-answers */ meaningOf(old, before.document) === meaningOf(now, after.document))
    return undefined;
  const conditions = [...new Set(plans.flatMap(conditionsOf))];
  if (conditions.length === 0) return { ...asked, ...answers, conditions };
  const witnesses = calls.map((call): Witness => ({
    ...call,
    before: before.engine.judge(old, { principal, target, ...call }).effect,
    after: after.engine.judge(now, { principal, target, ...call }).effect,
  }));
  const witness = witnesses.find((tried) => tried.before !== tried.after) ?? witnesses[0];
  return { ...asked, ...answers, conditions, ...(witness && { witness }) };
}

function answerOf(plan: Plan): Answer {
  return plan.kind === 'settled' ? plan.decision.effect : 'undetermined';
}

function conditionsOf(plan: Plan): readonly string[] {
  return plan.kind === 'settled'
    ? []
    : plan.open.map(({ rule, condition }) => `${rule.id}: ${condition.text}`);
}

/** Equal only for plans that answer all calls alike; ids of rules do not matter. */
function meaningOf(plan: Plan, { maxCost }: PolicyDocument): string {
  const { effect, approver } = plan.kind === 'settled' ? plan.decision : plan.otherwise;
  if (plan.kind === 'settled') return JSON.stringify([effect, approver]);
  const open = plan.open.map(({ rule, condition, at }) => [
    rule.effect,
    rule.effect === 'ask' ? rule.approver : '',
    condition.text,
    at < plan.otherwiseAt,
  ]);
  return JSON.stringify([effect, approver, open, maxCost]);
}
