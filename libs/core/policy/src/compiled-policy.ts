import { explainedBy, type Explanation } from './checking/explain.ts';
import { RuleEngine } from './deciding/rule-engine.ts';
import { SAFE_TOKEN_BUDGET } from './document/built-in-rules.ts';
import { parsePolicy } from './document/parse-policy.ts';
import type { PolicyDocument, Tier } from './document/policy-schema.ts';
import type { Policy } from './policy.ts';
import type { Decision, PolicyPrincipal, PolicyRequest, PolicyTarget } from './policy-request.ts';

/**
 * A policy that somebody has written. Everything is denied that it does not allow, and what it denies nothing
 * allows again. No rule counts outside the tenant in which a principal has its role.
 */
export class CompiledPolicy implements Policy {
  /** With every default. */
  readonly document: PolicyDocument;
  /** Most tokens that one result should cost; `undefined` where the policy does not say. */
  readonly tokenBudget: number | undefined;
  readonly #engine: RuleEngine;

  /**
   * @param input - As it is written.
   * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`; the message lists what is wrong.
   */
  constructor(input: unknown) {
    const document = parsePolicy(input);
    this.document = document;
    this.tokenBudget =
      document.tokenBudget ?? (document.use.includes('safe-defaults') ? SAFE_TOKEN_BUDGET : undefined);
    this.#engine = new RuleEngine(document);
  }

  decide(request: PolicyRequest): Decision {
    return this.#engine.decide(request);
  }

  mayBeAllowed(principal: PolicyPrincipal, target: PolicyTarget): boolean {
    return this.#engine.mayBeAllowed(principal, target);
  }

  viewKeyOf(principal: PolicyPrincipal): string {
    return this.#engine.viewKeyOf(principal);
  }

  /** Tier of a call of the target. */
  tierOf(target: PolicyTarget): Tier {
    return this.#engine.tierOf(target);
  }

  /** Names the rule and the layer that decide a call, and says of each other rule why it does not. */
  explain(request: PolicyRequest): Explanation {
    return explainedBy(this.#engine, request);
  }
}
