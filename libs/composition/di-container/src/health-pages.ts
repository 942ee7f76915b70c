import { healthDocument, type HealthMonitor } from '@omni/health';
import { isOwner, jsonText, type Principal } from '@omni/ports';

/** Something to read that is no message of MCP. */
export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Pages beside those of health; `undefined` where nothing is. */
export type Pages = (path: string) => Page | undefined;

const LIVE = new Set(['/health/live', '/healthz', '/livez']);
const READY = new Set(['/health/ready', '/readyz', '/ready']);

/**
 * The health pages and their aliases (requirements R-09): the verdict for everybody, names, states and
 * failures of servers for those who show who they are, and what servers wrote of their own accord for the
 * owner.
 *
 * @param principal - Who asks; `undefined` for strangers.
 * @param isOpen - Whether everybody is this principal: in open mode everybody may do what the owner may.
 */
export function healthPage(
  health: HealthMonitor,
  path: string,
  principal: Principal | undefined,
  isOpen: boolean,
): Page | undefined {
  const asksLive = LIVE.has(path);
  if (!asksLive && !READY.has(path)) return undefined;
  const rollup = asksLive ? health.getLiveness() : health.getReadiness();
  const isGood = asksLive ? rollup.live : rollup.ready;
  const { checks, ...verdict } = healthDocument(rollup);
  const isForOwner =
    principal !== undefined && /* guard: health/owner-details */ (isOpen || isOwner(principal));
  const details =
    principal === undefined
      ? {}
      : {
          ...(checks !== undefined && { checks }),
          details: Object.fromEntries(
            rollup.components.map(({ name, details: shared, ownerDetails }) => [
              name,
              isForOwner ? { ...shared, ...ownerDetails } : shared,
            ]),
          ),
        };
  return {
    status: isGood ? 200 : 503,
    contentType: 'application/health+json',
    body: jsonText({ ...verdict, ...details }),
  };
}
