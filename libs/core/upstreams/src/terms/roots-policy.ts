import { withoutRoots } from '@omni/model';
import { GatewayError, type UpstreamSpec } from '@omni/ports';

/** Who tells an upstream its folders, see `UpstreamSpec`. */
export type RootsPolicy = UpstreamSpec['roots'];

/** What an upstream may hear of what its client declares. @param capabilities - JSON. */
export function declaredUnder(roots: RootsPolicy, capabilities: string): string {
  return roots === 'pass' ? capabilities : /* guard: roots/declared */ withoutRoots(capabilities);
}

/**
 * The answer of Omni to `roots/list`, as JSON, or why there is none; `undefined` where the client is asked.
 */
export function ownRoots(roots: RootsPolicy): string | GatewayError | undefined {
  if (roots === 'pass') return undefined;
  if (roots !== undefined) return JSON.stringify({ roots });
  return new GatewayError(
    'OMNI_METHOD_UNKNOWN',
    'Clients name no folders to this server; its setting "roots" can permit it, or name them',
  );
}
