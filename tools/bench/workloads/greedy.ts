import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { GreedyResult } from '../bench-result.ts';
import type { BenchSession } from '../bench-session.ts';
import { waitUntilCallable } from '../call-once.ts';
import type { LoadResult } from '../load-job.ts';
import { bootstrapMedian } from '../statistics.ts';
import { omniTarget, type RunningOmni } from '../subjects/omni.ts';
import { UPSTREAM_NAME, type Target } from '../target.ts';
import { startNarrowServer } from './narrow-server.ts';
import { roundsOf, withOmni } from './with-omni.ts';

const USERS = 1_000;
const BYTES = 200;
const START_TIMEOUT_MS = 20_000;
const COMPILE_JOB = { bytes: BYTES, connections: 32, warmUpMs: 0, measureMs: 4_000 };
const WARM_UP_MS = 1_000;
/** Of what the server takes: what all others want together, and what the greedy one wants alone. */
const OTHERS_SHARE = 0.3;
const GREEDY_SHARE = 4;
const GREEDY_CONNECTIONS = 256;
/** Long, because users take turns in it: only the greedy one waits, and there is room for the others. */
const QUEUE = 32;
const MAX_ROUNDS = 5;

/**
 * A thousand users of a server that takes R; 999 want 0.3 R together, one wants 4 R: what calls of the others
 * take, beside the same without the one.
 */
export async function runGreedy(
  session: BenchSession,
  { rounds, measureMs }: { readonly rounds: number; readonly measureMs: number },
): Promise<GreedyResult> {
  const { upstream, capacity, settings } = await startNarrowServer(session);
  try {
    const { samples, skipped } = await roundsOf(
      session,
      { label: 'greedy', rounds: Math.min(rounds, MAX_ROUNDS) },
      async (round) => {
        const tokens = Array.from({ length: USERS }, (_, index) => ({
          name: `user${index}`,
          token: randomBytes(16).toString('base64url'),
        }));
        const options = {
          folder: join(session.folder, `greedy-${round}`),
          servers: { [UPSTREAM_NAME]: { type: 'http', url: upstream.url } } as const,
          settings: settings(QUEUE),
          tokens,
        };
        return withOmni(session, options, async (omni) => {
          const [greedy, ...others] = tokens.map(({ token }) => targetOf(omni, token));
          if (greedy === undefined) throw new TypeError('there are users');
          return [await oneRound(session, { omni, greedy, others, capacity, round, measureMs })];
        });
      },
    );
    const estimate = (pick: (sample: GreedyResult['samples'][number]) => number) =>
      bootstrapMedian(samples.map(pick), session.seed);
    return {
      users: USERS,
      p99Ratio: estimate(({ besideP99Ms, aloneP99Ms }) => besideP99Ms / aloneP99Ms),
      aloneP99Ms: estimate(({ aloneP99Ms }) => aloneP99Ms),
      besideP99Ms: estimate(({ besideP99Ms }) => besideP99Ms),
      samples,
      skipped,
    };
  } finally {
    await upstream.stop();
  }
}

async function oneRound(
  { load }: BenchSession,
  scene: {
    readonly omni: RunningOmni;
    readonly greedy: Target;
    readonly others: readonly Target[];
    readonly capacity: number;
    readonly round: number;
    readonly measureMs: number;
  },
): Promise<GreedyResult['samples'][number]> {
  const { omni, greedy, others, capacity, round, measureMs } = scene;
  await waitUntilCallable(greedy, { timeoutMs: START_TIMEOUT_MS, isGone: () => omni.process.isGone });
  await load.run({ ...COMPILE_JOB, targets: [greedy] });
  const time = { bytes: BYTES, warmUpMs: WARM_UP_MS, measureMs };
  const callOthers = (): Promise<LoadResult> =>
    load.run({
      ...time,
      targets: others,
      connections: others.length,
      ratePerSecond: OTHERS_SHARE * capacity,
    });
  const alone = await callOthers();
  const [beside, wanted] = await Promise.all([
    callOthers(),
    load.run({
      ...time,
      targets: [greedy],
      connections: GREEDY_CONNECTIONS,
      ratePerSecond: GREEDY_SHARE * capacity,
    }),
  ]);
  return {
    round,
    aloneP99Ms: alone.latencyUs.p99 / 1_000,
    besideP99Ms: beside.latencyUs.p99 / 1_000,
    faults: Object.values(beside.faults).reduce((sum, count) => sum + count, 0),
    refused: beside.refused,
    greedyPerSecond: (wanted.answered ?? 0) / wanted.seconds,
    greedyRefused: wanted.refused,
  };
}

function targetOf(omni: RunningOmni, token: string): Target {
  return { ...omniTarget(omni), headers: { Authorization: `Bearer ${token}` } };
}
