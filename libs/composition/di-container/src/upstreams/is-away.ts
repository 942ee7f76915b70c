import type { DisabledBy, UpstreamState } from '@omni/model';

/** Whoever changes a definition takes the upstream out itself. */
const BY_DEFINITION: ReadonlySet<DisabledBy> = new Set<DisabledBy>([
  'configuration',
  'missing_env',
  'feature_flag',
]);

/** Whether what it offers cannot be used for now; what a definition has switched off is taken out at once. */
export function isAway(state: UpstreamState): boolean {
  switch (state.phase) {
    case 'down':
    case 'login':
    case 'misconfigured':
      return true;
    case 'disabled':
      return !BY_DEFINITION.has(state.by);
    default:
      return false;
  }
}
