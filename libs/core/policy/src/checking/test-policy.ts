import { RuleEngine } from '../deciding/rule-engine.ts';
import { parsePolicy } from '../document/parse-policy.ts';
import type { Effect, PolicyTest, Tier } from '../document/policy-schema.ts';
import type { Decision, PolicyRequest, PolicyTarget } from '../policy-request.ts';

/** A test of a policy that does not hold. */
export interface FailedTest {
  readonly name: string;
  readonly expected: Effect;
  readonly decision: Decision;
}

export interface TestReport {
  readonly passed: number;
  readonly failed: readonly FailedTest[];
}

/**
 * Asks a policy what its own tests ask.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when it is none.
 */
export function testPolicy(input: unknown): TestReport {
  const document = parsePolicy(input);
  const engine = new RuleEngine(document);
  const { tests } = document;
  const failed = tests.flatMap((test): readonly FailedTest[] => {
    const decision = engine.decide(requestOf(test));
    return decision.effect === test.expect ? [] : [{ name: test.name, expected: test.expect, decision }];
  });
  return { passed: tests.length - failed.length, failed };
}

function requestOf(test: PolicyTest): PolicyRequest {
  const { id, kind, groups, claims } = test.principal;
  return {
    principal: { id, kind, ...(groups && { groups }), ...(claims && { claims }) },
    target: withTier(
      { kind: test.kind, server: test.server, name: test.call, tenant: test.tenant },
      test.tier,
    ),
    argumentsText: test.arguments && JSON.stringify(test.arguments),
    nowMs: Date.parse(test.at),
  };
}

/** The target, as if its trusted annotations said this of it; `undefined`: as if there were none. */
export function withTier(target: PolicyTarget, tier: Tier | undefined): PolicyTarget {
  const { hints: _hints, ...rest } = target;
  if (tier === undefined) return { ...rest, trustsHints: false };
  const isReadOnly = tier === 'read';
  return {
    ...rest,
    trustsHints: true,
    hints: { isReadOnly, isIdempotent: isReadOnly, isDestructive: tier === 'destructive' },
  };
}
