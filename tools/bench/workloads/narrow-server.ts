import type { BenchSession } from '../bench-session.ts';
import { settingsForServerOf, type OmniSettings } from '../subjects/omni-settings.ts';
import { plainTarget } from '../target.ts';
import { startUpstream, type Upstream } from '../upstream-process.ts';

/** So many calls at the same time, each for so long; the others wait in the server. */
const PLACES = 8;
const HOLD_MS = 20;
const WARM_UP_MS = 500;
const MEASURE_MS = 2_000;

/** A server that takes few calls a second, and how Omni is set for it. */
export interface NarrowServer {
  readonly upstream: Upstream;
  /** Calls a second that it takes without a gateway. */
  readonly capacity: number;
  readonly places: number;
  /** @param waiting - Calls that may wait, as times of what it takes at once. */
  readonly settings: (waiting: number) => OmniSettings;
}

/** Starts such a server and measures what it takes. */
export async function startNarrowServer(session: BenchSession): Promise<NarrowServer> {
  const upstream = await startUpstream(session.cores, session.folder, {
    manner: `places:${PLACES}:${HOLD_MS}`,
  });
  const { calls, seconds } = await session.load.run({
    targets: [plainTarget(upstream.port, upstream.path)],
    bytes: 200,
    connections: 2 * PLACES,
    warmUpMs: WARM_UP_MS,
    measureMs: MEASURE_MS,
  });
  const capacity = calls / seconds;
  return {
    upstream,
    capacity,
    places: PLACES,
    settings: (waiting) => settingsForServerOf(PLACES, waiting * PLACES),
  };
}
