import { createMasterServer, type GatewayConfiguration, type Scope, Token } from '@omni/container';
import { project, type UpstreamRecord } from '@omni/model';
import type { Clock } from '@omni/ports';
import type { Violations } from './checks/violations.ts';
import { Choices } from './engine/choices.ts';
import type { SimulatedTime } from './engine/simulated-time.ts';
import type { Trace } from './engine/trace.ts';
import { SimulatedDialer } from './world/dialer.ts';
import { SimulatedNetwork } from './world/network.ts';
import { SimulatedLauncher } from './world/process-launcher.ts';
import { rememberOn } from './world/remembering.ts';
import type { VirtualDisk } from './world/virtual-disk.ts';
import type { World } from './world/world.ts';

export interface NextLifeOptions {
  readonly seed: number;
  readonly configuration: GatewayConfiguration;
  readonly disk: VirtualDisk;
  /** Wall clock. */
  readonly cutAtMs: number;
  readonly world: World;
  readonly time: SimulatedTime;
  readonly trace: Trace;
  readonly violations: Violations;
}

/** Whoever was given up stays so, and whoever is to wait waits. */
const LIFE_MS = 200;
/** How soon it follows the one before. */
const AWAY_MS = 100;
const STOP_MS = 30_000;

/** Another gateway on what a disk holds: it goes on where the one before was when it was told so. */
export async function liveAgain(options: NextLifeOptions): Promise<void> {
  const { seed, configuration, disk, cutAtMs, world, time, trace, violations } = options;
  // The world has gone on meanwhile, which this one must not see.
  time.shiftWallClock(cutAtMs + AWAY_MS - time.wallMs);
  const adopted = new Map<string, string>();
  let scope: Scope | undefined;
  const server = createMasterServer({
    configuration,
    clock: time.gatewayClock,
    random: new Choices(seed, 'next gateway').random,
    launcher: new SimulatedLauncher(world),
    http: new SimulatedNetwork(world),
    dialer: new SimulatedDialer(world),
    configure: (own) => {
      scope = own;
      rememberOn(own, disk, 'simulated again', (name, definition) => adopted.set(name, definition));
    },
  });
  const started = server.start();
  await time.run(time.nowMs);
  await started;
  for (const [name, { definition, record }] of disk.content.rows) {
    const now = scope?.get(Token.Upstreams).get(name)?.snapshot.record;
    if (record === null || now === undefined || adopted.get(name) !== definition.revision) continue;
    // Written by the core.
    const before = JSON.parse(record) as UpstreamRecord;
    trace.note(`${name} was ${before.state.phase}, and is ${now.state.phase} again`);
    const why = forgotten(before, now, time.gatewayClock);
    if (why !== undefined) violations.add('I6', `"${name}" was ${before.state.phase}, and ${why}`);
  }
  await time.run(time.nowMs + LIFE_MS);
  const stopped = server.stop({ deadlineMs: 1_000 });
  await time.run(time.nowMs + STOP_MS);
  await stopped;
}

/** What of a record is not there any more, of what outlives the process. */
function forgotten(before: UpstreamRecord, now: UpstreamRecord, clock: Clock): string | undefined {
  const { state } = before;
  if (state.phase === 'disabled' && !BY_DEFINITION.has(state.by))
    return now.state.phase === 'disabled' && now.state.by === state.by ? undefined : 'is not any more';
  if (state.phase !== 'down') return undefined;
  const { consecutiveFailures, falls } = now.history;
  if (now.state.phase !== 'down' && state.nextAttemptAt > clock.now()) return 'does not wait';
  // Its attempt was due, and may have ended by now.
  if (now.state.phase === 'misconfigured' || now.state.phase === 'login') return undefined;
  if (project(before).healthStatus !== project(now).healthStatus) return `looks ${project(now).healthStatus}`;
  return consecutiveFailures === before.history.consecutiveFailures &&
    falls.length === before.history.falls.length
    ? undefined
    : 'its failures are forgotten';
}

/** What a definition says is looked at again. */
const BY_DEFINITION: ReadonlySet<string> = new Set(['configuration', 'missing_env', 'feature_flag']);
