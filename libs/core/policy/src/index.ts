export {
  diffPolicies,
  type Answer,
  type PolicyChange,
  type Samples,
  type Witness,
} from './checking/diff-policies.ts';
export type { Explanation, RuleVerdict } from './checking/explain.ts';
export { policyWarnings, type PolicyWarning } from './checking/policy-warnings.ts';
export { testPolicy, type FailedTest, type TestReport } from './checking/test-policy.ts';
export { CompiledPolicy } from './compiled-policy.ts';
export {
  DEFAULT_TENANT,
  type Effect,
  type PolicyDocument,
  type PolicyInput,
  policyJsonSchema,
  PolicySchema,
  type TargetKind,
  type Tier,
} from './document/policy-schema.ts';
export { NO_POLICY, type Policy } from './policy.ts';
export type { Decision, Layer, PolicyPrincipal, PolicyRequest, PolicyTarget } from './policy-request.ts';
