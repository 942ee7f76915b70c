import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Overload, OverloadResult, OverloadSample } from '../bench-result.ts';
import { ownPids, type BenchSession } from '../bench-session.ts';
import { echoOnce, sendOnce, waitUntilCallable } from '../call-once.ts';
import type { LoadJob, LoadResult } from '../load-job.ts';
import { memoryOf } from '../process-tree.ts';
import { FIRST_CALL_ID } from '../request-text.ts';
import { bootstrapMedian, median } from '../statistics.ts';
import { omniTarget, type RunningOmni } from '../subjects/omni.ts';
import type { OmniSettings } from '../subjects/omni-settings.ts';
import { UPSTREAM_NAME, type Target } from '../target.ts';
import type { Upstream } from '../upstream-process.ts';
import { startNarrowServer } from './narrow-server.ts';
import { roundsOf, withOmni } from './with-omni.ts';

const BYTES = 200;
const START_TIMEOUT_MS = 20_000;
const WARM_UP_MS = 500;
const COMPILE_JOB = { bytes: BYTES, connections: 32, warmUpMs: 0, measureMs: 4_000 };
const OFFERED = 4;
/** Short, because whoever waits in it is late. */
const QUEUE = 2;
const SATURATING_CONNECTIONS = 512;
const PEAK_CONNECTIONS = 32;
const POLL_MS = 50;
const ALONE_CALLS = 20;
/** A call alone that takes at most so many times what it took before is served as before. */
const RECOVERED = 3;
const RECOVERY_LIMIT_MS = 20_000;
const MAX_ROUNDS = 5;

/** How Omni is overloaded. */
interface Plan {
  readonly kind: Overload['kind'];
  readonly upstream: Upstream;
  readonly settings: OmniSettings;
  readonly peakConnections: number;
  readonly overload: (peakPerSecond: number) => Pick<LoadJob, 'connections' | 'ratePerSecond'>;
}

/**
 * A server that takes R is offered 4 R; and 512 connections in a closed loop want more than Omni's core can
 * do. How much is done, how long it takes, whether health is told meanwhile, and how soon all is as before.
 */
export async function runOverload(
  session: BenchSession,
  { rounds, measureMs }: { readonly rounds: number; readonly measureMs: number },
): Promise<OverloadResult> {
  const narrow = await startNarrowServer(session);
  try {
    const plans: readonly Plan[] = [
      {
        kind: 'upstream',
        upstream: narrow.upstream,
        settings: narrow.settings(QUEUE),
        peakConnections: 2 * narrow.places,
        overload: (peak) => ({ connections: 256, ratePerSecond: OFFERED * peak }),
      },
      {
        kind: 'cpu',
        upstream: session.upstream,
        settings: {},
        peakConnections: PEAK_CONNECTIONS,
        overload: () => ({ connections: SATURATING_CONNECTIONS }),
      },
    ];
    const { samples, skipped } = await roundsOf(
      session,
      { label: 'overload', rounds: Math.min(rounds, MAX_ROUNDS) },
      async (round) => {
        const found: (OverloadSample & Pick<Plan, 'kind'>)[] = [];
        for (const plan of plans) {
          const folder = join(session.folder, `overload-${plan.kind}-${round}`);
          found.push({ kind: plan.kind, ...(await oneRound(session, plan, { folder, round, measureMs })) });
        }
        return found;
      },
    );
    const kinds = plans.map(({ kind }) =>
      summary(
        kind,
        samples.filter((sample) => sample.kind === kind),
        session.seed,
      ),
    );
    return { kinds, skipped };
  } finally {
    await narrow.upstream.stop();
  }
}

async function oneRound(
  session: BenchSession,
  { upstream, settings, peakConnections, overload }: Plan,
  {
    folder,
    round,
    measureMs,
  }: { readonly folder: string; readonly round: number; readonly measureMs: number },
): Promise<OverloadSample> {
  const servers = { [UPSTREAM_NAME]: { type: 'http', url: upstream.url } } as const;
  return withOmni(session, { folder, servers, settings }, async (omni) => {
    const target = omniTarget(omni);
    const targets = [target];
    await waitUntilCallable(target, { timeoutMs: START_TIMEOUT_MS, isGone: () => omni.process.isGone });
    await session.load.run({ ...COMPILE_JOB, targets });
    const time = { bytes: BYTES, warmUpMs: WARM_UP_MS, measureMs };
    const peak = await session.load.run({ ...time, targets, connections: peakConnections });
    const peakPerSecond = peak.calls / peak.seconds;
    const aloneMs = await callAlone(target);
    const { result, ...watched } = await watchedLoad(session, omni, aloneMs, {
      ...time,
      measureMs: 2 * measureMs,
      targets,
      ...overload(peakPerSecond),
    });
    return {
      round,
      peakPerSecond,
      peakP99Ms: peak.latencyUs.p99 / 1_000,
      goodPerSecond: (result.answered ?? result.calls) / result.seconds,
      refused: result.refused,
      faults: Object.values(result.faults).reduce((sum, count) => sum + count, 0),
      p99Ms: result.latencyUs.p99 / 1_000,
      fairMs: (SATURATING_CONNECTIONS * 1_000) / peakPerSecond,
      ...watched,
    };
  });
}

/** Runs a job; looks at health and memory meanwhile, and at calls when it is over. */
async function watchedLoad(
  { load }: BenchSession,
  omni: RunningOmni,
  aloneMs: number,
  job: LoadJob,
): Promise<
  { readonly result: LoadResult } & Pick<
    OverloadSample,
    'healthMaxMs' | 'memoryGrowth' | 'peakRssBytes' | 'recoveryMs'
  >
> {
  const target = omniTarget(omni);
  const memory: number[] = [];
  let healthMaxMs = 0;
  let state: 'before' | 'during' | 'over' = 'before';
  let recovering: Promise<number> = Promise.resolve(0);
  const watch = async (): Promise<void> => {
    while (state !== 'over') {
      if (state === 'during') {
        const askedAt = performance.now();
        await sendOnce(target, { method: 'GET', path: '/health/live', headers: {}, body: '' });
        healthMaxMs = Math.max(healthMaxMs, performance.now() - askedAt);
        memory.push(memoryOf(ownPids(omni.process.pid)).rssBytes);
      }
      await delay(POLL_MS);
    }
  };
  const loading = load.run(job, {
    onMeasuring: () => {
      state = 'during';
    },
    onMeasured: () => {
      state = 'over';
      recovering = untilRecovered(target, aloneMs);
    },
  });
  const [result] = await Promise.all([loading, watch()]).finally(() => {
    state = 'over';
  });
  if (memory.length < 2) throw new Error('nobody looked at health and memory during the load');
  const half = memory.length >> 1;
  const peakRssBytes = Math.max(...memory);
  return {
    result,
    healthMaxMs,
    memoryGrowth: Math.max(...memory.slice(half)) / Math.max(...memory.slice(0, half)),
    peakRssBytes,
    recoveryMs: await recovering,
  };
}

/** Milliseconds of a call while nothing else is called. */
async function callAlone(target: Target): Promise<number> {
  const times: number[] = [];
  while (times.length < ALONE_CALLS) times.push(await callMs(target));
  return median(times) ?? 0;
}

async function untilRecovered(target: Target, aloneMs: number): Promise<number> {
  const overAt = performance.now();
  for (;;) {
    const ms = await callMs(target).catch(() => Number.POSITIVE_INFINITY);
    const passedMs = performance.now() - overAt;
    if (ms <= RECOVERED * aloneMs || passedMs > RECOVERY_LIMIT_MS) return passedMs;
  }
}

async function callMs(target: Target): Promise<number> {
  const sentAt = performance.now();
  await echoOnce(target, { id: FIRST_CALL_ID - 4, bytes: BYTES });
  return performance.now() - sentAt;
}

function summary(kind: Overload['kind'], samples: readonly OverloadSample[], seed: number): Overload {
  const estimate = (pick: (sample: OverloadSample) => number) => bootstrapMedian(samples.map(pick), seed);
  return {
    kind,
    goodput: estimate(({ goodPerSecond, peakPerSecond }) => goodPerSecond / peakPerSecond),
    p99Ratio: estimate(({ p99Ms, peakP99Ms, fairMs }) => p99Ms / (kind === 'cpu' ? fairMs : peakP99Ms)),
    p99Ms: estimate(({ p99Ms }) => p99Ms),
    healthMaxMs: estimate(({ healthMaxMs }) => healthMaxMs),
    memoryGrowth: estimate(({ memoryGrowth }) => memoryGrowth),
    recoveryMs: estimate(({ recoveryMs }) => recoveryMs),
    samples,
  };
}
