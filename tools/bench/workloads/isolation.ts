import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IsolationResult } from '../bench-result.ts';
import type { BenchSession } from '../bench-session.ts';
import { calibrate, steadyOf, type Calibration } from '../calibration.ts';
import { listAnswer, waitUntilCallable } from '../call-once.ts';
import { freePort } from '../free-port.ts';
import { FIRST_CALL_ID } from '../request-text.ts';
import { shuffled } from '../seeded-random.ts';
import { bootstrapMedian, median, ratioOfRounds, type RoundFigure } from '../statistics.ts';
import { omniTarget, startOmni, type RunningOmni, type UpstreamEntry } from '../subjects/omni.ts';
import type { Target } from '../target.ts';
import { startUpstream, type Upstream } from '../upstream-process.ts';

const UPSTREAMS = 10;
const BAD = 3;
const BYTES = 200;
const WELL = 'well';
/** How the bad ones behave; while all are well they get the same calls. */
const MANNERS = [WELL, 'hanging', 'dead', 'slow', 'flooding'] as const;
const SLOW_MS = 1_000;
const START_TIMEOUT_MS = 20_000;
const WARM_UP_MS = 500;
/** Calls to the others and lists are measured; calls to the bad ones go on beside them. */
const CALLS = { bytes: BYTES, connections: 32, ratePerSecond: 1_000 };
const LISTS = { connections: 8, ratePerSecond: 100 };
const BAD_CALLS = { bytes: BYTES, connections: 64, ratePerSecond: 200, drainMs: 0 };
const COMPILE_MS = 4_000;

type Manner = (typeof MANNERS)[number];

interface Scene {
  readonly omni: RunningOmni;
  readonly good: readonly Target[];
  readonly bad: readonly Target[];
  readonly listBytes: number;
}

/**
 * Ten servers, three of which hang, are dead, are slow or flood Omni: what calls to the other seven and lists
 * take, beside the same while all are well.
 */
export async function runIsolation(
  session: BenchSession,
  { rounds, measureMs }: { readonly rounds: number; readonly measureMs: number },
): Promise<IsolationResult> {
  const folder = join(session.folder, 'isolation');
  mkdirSync(folder, { recursive: true });
  const helpers: Upstream[] = [];
  const scenes = new Map<Manner, Scene>();
  const samples: IsolationResult['samples'][number][] = [];
  const calibrations: Calibration[] = [];
  let reason: string | undefined;
  try {
    const hanging = await startUpstream(session.cores, folder, { manner: 'hang' });
    const slow = await startUpstream(session.cores, folder, { manner: `slow:${SLOW_MS}` });
    helpers.push(hanging, slow);
    const { command, args } = session.upstream.stdioCommand;
    const entries: Readonly<Record<Manner, UpstreamEntry>> = {
      well: { type: 'http', url: session.upstream.url },
      hanging: { type: 'http', url: hanging.url },
      dead: { type: 'http', url: `http://127.0.0.1:${await freePort()}/mcp` },
      slow: { type: 'http', url: slow.url },
      flooding: { command, args: [...args, '--manner', 'flood'] },
    };
    for (const manner of MANNERS) {
      session.progress(`isolation: starting Omni in front of servers that are ${manner}`);
      scenes.set(manner, await start(session, join(folder, manner), entries[manner]));
    }
    for (let round = 0; round < rounds; round += 1) {
      session.progress(`isolation: round ${round + 1} of ${rounds}`);
      calibrations.push(await calibrate(session.cores));
      for (const [manner, scene] of shuffled([...scenes], session.random))
        samples.push({ round, manner, ...(await measureOne(session, scene, measureMs)) });
    }
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  } finally {
    for (const { omni } of scenes.values()) await omni.process.stop();
    for (const helper of helpers) await helper.stop();
  }
  const steady = steadyOf(calibrations);
  const kept = samples.filter(({ round }) => steady.has(round));
  return {
    upstreams: UPSTREAMS,
    bad: BAD,
    manners: MANNERS.flatMap((manner) => summary(manner, kept, session.seed) ?? []),
    samples,
    roundsKept: steady.size,
    skipped: reason === undefined ? [] : [{ name: 'omni', reason }],
  };
}

async function start(session: BenchSession, folder: string, badEntry: UpstreamEntry): Promise<Scene> {
  mkdirSync(folder, { recursive: true });
  const names = Array.from({ length: UPSTREAMS }, (_, index) => `server${index}`);
  const servers = Object.fromEntries(
    names.map((name, index): [string, UpstreamEntry] => [
      name,
      index < BAD ? badEntry : { type: 'http', url: session.upstream.url },
    ]),
  );
  const omni = await startOmni(servers, session.cores, folder);
  const targets = names.map((name) => ({ ...omniTarget(omni), toolName: `${name}__echo` }));
  const [good, bad] = [targets.slice(BAD), targets.slice(0, BAD)];
  const isGone = (): boolean => omni.process.isGone;
  for (const target of good) await waitUntilCallable(target, { timeoutMs: START_TIMEOUT_MS, isGone });
  await session.load.run({
    targets: good,
    bytes: BYTES,
    connections: 28,
    warmUpMs: 0,
    measureMs: COMPILE_MS,
  });
  const listBytes = (await listAnswer(omniTarget(omni), FIRST_CALL_ID)).length;
  return { omni, good, bad, listBytes };
}

async function measureOne(
  { load }: BenchSession,
  { omni, good, bad, listBytes }: Scene,
  measureMs: number,
): Promise<{ callP99Ms: number; listP99Ms: number; faults: number }> {
  const time = { warmUpMs: WARM_UP_MS, measureMs };
  const [calls, lists] = await Promise.all([
    load.run({ ...CALLS, ...time, targets: good }),
    load.run({ ...LISTS, ...time, targets: [omniTarget(omni)], what: 'tools/list', bytes: listBytes }),
    load.run({ ...BAD_CALLS, ...time, targets: bad }),
  ]);
  return {
    callP99Ms: calls.latencyUs.p99 / 1_000,
    listP99Ms: lists.latencyUs.p99 / 1_000,
    faults: [calls, lists].flatMap(({ faults }) => Object.values(faults)).reduce((sum, n) => sum + n, 0),
  };
}

function summary(
  manner: Manner,
  kept: IsolationResult['samples'],
  seed: number,
): IsolationResult['manners'][number] | undefined {
  const figures = (of: string, pick: 'callP99Ms' | 'listP99Ms'): RoundFigure[] =>
    kept
      .filter((sample) => sample.manner === of)
      .map((sample) => ({ round: sample.round, value: sample[pick] }));
  const ratio = (pick: 'callP99Ms' | 'listP99Ms') =>
    ratioOfRounds(figures(manner, pick), figures(WELL, pick), seed);
  const value = (pick: 'callP99Ms' | 'listP99Ms') =>
    bootstrapMedian(
      figures(manner, pick).map((figure) => figure.value),
      seed,
    );
  if (median(figures(manner, 'callP99Ms').map((figure) => figure.value)) === undefined) return undefined;
  return {
    manner,
    callP99Ratio: ratio('callP99Ms'),
    listP99Ratio: ratio('listP99Ms'),
    callP99Ms: value('callP99Ms'),
    listP99Ms: value('listP99Ms'),
    faults: kept.filter((sample) => sample.manner === manner).reduce((sum, { faults }) => sum + faults, 0),
  };
}
