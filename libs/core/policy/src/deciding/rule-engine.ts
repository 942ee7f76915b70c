import { NO_HINTS } from '@omni/model';
import {
  NO_VALUES,
  readArguments,
  type SizedValues,
  UnreadableArguments,
} from '../conditions/argument-values.ts';
import type { ConditionFacts } from '../conditions/condition.ts';
import { CompiledRule, inOrder } from './compiled-rule.ts';
import { type Grants, GrantTable, rememberPlan } from './grants.ts';
import { judged, mayPass, type Plan, planFor } from './plan.ts';
import { hintsOf, TierTable } from './tiers.ts';
import { builtInRules } from '../document/built-in-rules.ts';
import { DEFAULT_TENANT, type PolicyDocument, type Tier } from '../document/policy-schema.ts';
import type { Decision, PolicyPrincipal, PolicyRequest, PolicyTarget } from '../policy-request.ts';

/** Longer names are not remembered: clients choose them. */
const MAX_NAME_LENGTH = 512;

/** Answers by the rules of one document. */
export class RuleEngine {
  /** In the order in which they speak. */
  readonly rules: readonly CompiledRule[];
  readonly #maxCost: number;
  readonly #grants: GrantTable;
  readonly #tiers: TierTable;
  /** Whether a condition looks at more of a principal than its roles. */
  readonly #readsPrincipal: boolean;

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when a condition is none. */
  constructor(document: PolicyDocument) {
    this.rules = inOrder(
      [...builtInRules(document), ...document.rules].map((rule) => new CompiledRule(rule)),
    );
    this.#maxCost = document.maxCost;
    this.#grants = new GrantTable(document.bindings);
    this.#tiers = new TierTable(document.tiers);
    this.#readsPrincipal = this.rules.some(({ condition }) => condition?.reads.has('principal'));
  }

  decide(request: PolicyRequest): Decision {
    return this.judge(this.planOf(request.principal, request.target), request);
  }

  mayBeAllowed(principal: PolicyPrincipal, target: PolicyTarget): boolean {
    return mayPass(this.planOf(principal, target));
  }

  viewKeyOf(principal: PolicyPrincipal): string {
    const { id, kind, groups, claims } = principal;
    const grants = this.#grants.of(principal);
    const roles = [...grants.roles]
      .map(([tenant, held]) => [tenant, [...held].sort()] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1));
    // guard: policy/view-of-principal
    if (!this.#readsPrincipal) return JSON.stringify([roles]);
    // Conditions fail alike for all whose claims cannot be read.
    const isReadable = grants.facts(DEFAULT_TENANT) !== undefined;
    return JSON.stringify(isReadable ? [roles, id, kind, groups, claims] : [roles, null]);
  }

  /** What is known of a principal and a target before there is a call. */
  planOf(principal: PolicyPrincipal, target: PolicyTarget): Plan {
    const grants = this.#grants.of(principal);
    if (target.name.length > MAX_NAME_LENGTH) return this.#planned(grants, target);
    const key = keyOf(target);
    let plan = grants.plans.get(key);
    if (plan === undefined) rememberPlan(grants, key, (plan = this.#planned(grants, target)));
    return plan;
  }

  /** Tier of a call of the target. */
  tierOf(target: PolicyTarget): Tier {
    return this.#tiers.of(target);
  }

  /** Roles of the principal in a tenant; `undefined` where it has none. */
  rolesOf(principal: PolicyPrincipal, tenant: string = DEFAULT_TENANT): ReadonlySet<string> | undefined {
    return this.#grants.of(principal).roles.get(tenant);
  }

  /** The same as if there were no rules but these. */
  planOfRules(rules: readonly CompiledRule[], principal: PolicyPrincipal, target: PolicyTarget): Plan {
    return this.#planned(this.#grants.of(principal), target, rules);
  }

  /** Judges what a plan leaves open. */
  judge(plan: Plan, { argumentsText, nowMs }: PolicyRequest): Decision {
    if (plan.kind === 'settled') return plan.decision;
    const reads = (name: string): boolean => plan.open.some(({ condition }) => condition.reads.has(name));
    const args =
      argumentsText !== undefined && reads('args')
        ? readOrRefuse(argumentsText, plan.otherwise.tier)
        : NO_VALUES;
    if ('effect' in args) return args;
    return judged(plan, { args, now: reads('now') ? new Date(nowMs) : undefined }, this.#maxCost);
  }

  #planned(grants: Grants, target: PolicyTarget, among: readonly CompiledRule[] = this.rules): Plan {
    const tenant = target.tenant ?? DEFAULT_TENANT;
    const tier = this.tierOf(target);
    const roles = grants.roles.get(tenant);
    // guard: policy/tenants
    if (roles === undefined) return { kind: 'settled', decision: outsider(tier) };
    const rules = among.filter((rule) => rule.isFor(roles) && rule.isAbout(target) && rule.hasTier(tier));
    const principal = grants.facts(tenant);
    return planFor(rules, {
      tier,
      facts: factsOf(principal, target, tenant, tier),
      size: {
        longest: principal?.longest ?? 0,
        length: (principal?.length ?? 0) + target.name.length,
      },
      maxCost: this.#maxCost,
    });
  }
}

function readOrRefuse(text: string, tier: Tier): SizedValues | Decision {
  try {
    return readArguments(text);
  } catch (error) {
    if (!(error instanceof UnreadableArguments)) throw error;
    return { effect: 'deny', layer: 'arguments', why: `${error.message}.`, tier };
  }
}

function outsider(tier: Tier): Decision {
  return { effect: 'deny', layer: 'tenant', why: 'It has no role in the tenant of the server.', tier };
}

function factsOf(
  principal: SizedValues | undefined,
  target: PolicyTarget,
  tenant: string,
  tier: Tier,
): ConditionFacts {
  const { kind, server, name } = target;
  const { isReadOnly, isDestructive, isIdempotent } = hintsOf(target) ?? NO_HINTS;
  return {
    ...(principal !== undefined && { principal: principal.values }),
    target: new Map(Object.entries({ kind, server, name, tenant, tier })),
    annotations: new Map([
      ['readOnlyHint', isReadOnly],
      ['destructiveHint', isDestructive],
      ['idempotentHint', isIdempotent],
    ]),
  };
}

/** Equal for targets of which the same is known. */
function keyOf(target: PolicyTarget): string {
  const hints = hintsOf(target);
  const said =
    hints === undefined
      ? 8
      : (hints.isReadOnly ? 4 : 0) + (hints.isIdempotent ? 2 : 0) + (hints.isDestructive ? 1 : 0);
  return `${target.kind}\n${target.tenant ?? DEFAULT_TENANT}\n${target.server}\n${said}\n${target.name}`;
}
