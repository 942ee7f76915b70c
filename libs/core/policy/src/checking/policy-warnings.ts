import type { CompiledRule } from '../deciding/compiled-rule.ts';
import { RuleEngine } from '../deciding/rule-engine.ts';
import { builtInRules } from '../document/built-in-rules.ts';
import { parsePolicy } from '../document/parse-policy.ts';
import { TARGET_KINDS, TIERS } from '../document/policy-schema.ts';

/** A rule that changes nothing. */
export interface PolicyWarning {
  readonly rule: string;
  readonly kind: 'shadowed' | 'never-matches';
  /** Of the rule that speaks in its place. */
  readonly by?: string;
  readonly message: string;
}

/**
 * Rules of a policy that never match, and those that another one stands before. What is not certain is not
 * warned of.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when it is none.
 */
export function policyWarnings(input: unknown): readonly PolicyWarning[] {
  const document = parsePolicy(input);
  const builtIn = new Set(builtInRules(document).map(({ id }) => id));
  const { rules } = new RuleEngine(document);
  return rules.flatMap((rule, at): readonly PolicyWarning[] => {
    if (builtIn.has(rule.id)) return [];
    const never = neverMatches(rule);
    if (never !== undefined)
      return [
        { rule: rule.id, kind: 'never-matches', message: `Rule "${rule.id}" never matches: ${never}.` },
      ];
    const by = rules.slice(0, at).find((earlier) => shadows(earlier, rule));
    if (by === undefined) return [];
    const message = `Rule "${rule.id}" changes nothing: rule "${by.id}" speaks for all that it is about.`;
    return [{ rule: rule.id, kind: 'shadowed', by: by.id, message }];
  });
}

function neverMatches(rule: CompiledRule): string | undefined {
  if (rule.lowest > rule.highest)
    return `there is no tier from ${TIERS[rule.lowest]} up to ${TIERS[rule.highest]}`;
  if (rule.servers.isEmpty) return 'it is about no server';
  if (TARGET_KINDS.every((kind) => rule.scopes[kind].isEmpty)) return 'it is about nothing on any server';
  return undefined;
}

/**
 * Whether all that a rule is about has an answer before it. A condition can fail, so that a rule with one is
 * never without effect below a rule that allows or asks.
 */
function shadows(earlier: CompiledRule, rule: CompiledRule): boolean {
  return (
    earlier.condition === undefined &&
    (rule.condition === undefined || earlier.effect === 'deny') &&
    coversRoles(earlier, rule) &&
    earlier.servers.covers(rule.servers) &&
    TARGET_KINDS.every((kind) => earlier.scopes[kind].covers(rule.scopes[kind])) &&
    earlier.lowest <= rule.lowest &&
    earlier.highest >= rule.highest
  );
}

function coversRoles({ roles: own }: CompiledRule, { roles: other }: CompiledRule): boolean {
  return own === undefined || (other !== undefined && [...other].every((role) => own.has(role)));
}
