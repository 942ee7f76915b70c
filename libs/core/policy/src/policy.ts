import { isOwner } from '@omni/ports';
import type { Decision, PolicyPrincipal, PolicyRequest, PolicyTarget } from './policy-request.ts';

/** Says who may do what. The answer for a call never hangs on where it came in. */
export interface Policy {
  /** The answer for one call. */
  decide(request: PolicyRequest): Decision;
  /**
   * Whether a target is to be listed: not certainly denied, whatever the arguments and the time are. The same
   * principal and target always get the same answer.
   */
  mayBeAllowed(principal: PolicyPrincipal, target: PolicyTarget): boolean;
  /** Principals with the same key are shown the same. */
  viewKeyOf(principal: PolicyPrincipal): string;
}

/**
 * In force while no policy is written: the owner may do everything; who shows a configured token, and
 * anonymous clients of open mode, may call; everybody else may do nothing.
 */
export const NO_POLICY: Policy = {
  decide: ({ principal, target }) =>
    isAllowedWithoutPolicy(principal, target)
      ? {
          effect: 'allow',
          layer: 'none',
          why: 'There is no policy, and it is a call of this kind of client.',
          tier: 'destructive',
        }
      : {
          effect: 'deny',
          layer: 'none',
          why: 'There is no policy that grants anything to this client.',
          tier: 'destructive',
        },
  mayBeAllowed: isAllowedWithoutPolicy,
  viewKeyOf: (principal) => (isOwner(principal) ? 'owner' : principal.kind),
};

function isAllowedWithoutPolicy(principal: PolicyPrincipal, { kind }: PolicyTarget): boolean {
  if (isOwner(principal)) return true;
  // guard: policy/nothing-granted
  if (principal.kind !== 'token' && principal.kind !== 'anonymous') return false;
  return kind !== 'operations';
}
