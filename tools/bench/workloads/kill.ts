import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KillResult } from '../bench-result.ts';
import type { BenchSession } from '../bench-session.ts';
import { waitUntilCallable } from '../call-once.ts';
import { commandIncludes, processTree } from '../process-tree.ts';
import { bootstrapMedian } from '../statistics.ts';
import { omniTarget } from '../subjects/omni.ts';
import { SAFE_CALLS_ARE_REPEATED } from '../subjects/omni-settings.ts';
import { UPSTREAM_NAME } from '../target.ts';
import { UPSTREAM_FILE } from '../upstream-process.ts';
import { roundsOf, withOmni } from './with-omni.ts';

const START_TIMEOUT_MS = 20_000;
/** The child dies in the middle of so many calls a second. */
const JOB = { bytes: 200, connections: 64, ratePerSecond: 500, warmUpMs: 1_000, measureMs: 4_000 };
const KILL_AFTER_MS = 1_000;
const MAX_ROUNDS = 5;

/**
 * A stdio child is killed by SIGKILL while safe calls run: how long the longest of them takes, and how many
 * fail. Calls are sent on a fixed schedule, so the longest is as long as nobody was served.
 */
export async function runKill(session: BenchSession, rounds: number): Promise<KillResult> {
  const { samples, skipped } = await roundsOf(
    session,
    { label: 'kill', rounds: Math.min(rounds, MAX_ROUNDS) },
    async (round) => [await oneKill(session, join(session.folder, `kill-${round}`))],
  );
  const sum = (pick: (sample: KillResult['samples'][number]) => number): number =>
    samples.reduce((total, sample) => total + pick(sample), 0);
  return {
    longestMs: bootstrapMedian(
      samples.map(({ longestMs }) => longestMs),
      session.seed,
    ),
    faults: sum(({ faults }) => faults),
    calls: sum(({ calls }) => calls),
    samples,
    skipped,
  };
}

async function oneKill(session: BenchSession, folder: string): Promise<KillResult['samples'][number]> {
  const servers = { [UPSTREAM_NAME]: session.upstream.stdioCommand };
  return withOmni(session, { folder, servers, settings: SAFE_CALLS_ARE_REPEATED }, async (omni) => {
    const target = omniTarget(omni);
    await waitUntilCallable(target, { timeoutMs: START_TIMEOUT_MS, isGone: () => omni.process.isGone });
    const [result] = await Promise.all([
      session.load.run({ ...JOB, targets: [target] }),
      delay(JOB.warmUpMs + KILL_AFTER_MS).then(() => killChildren(omni.process.pid)),
    ]);
    return {
      longestMs: result.latencyUs.max / 1_000,
      faults: Object.values(result.faults).reduce((sum, count) => sum + count, result.refused),
      calls: result.calls,
    };
  });
}

/** Kills the servers that Omni has started. */
function killChildren(pid: number): void {
  const children = processTree(pid).filter(
    (child) => child.pid !== pid && commandIncludes(child.pid, UPSTREAM_FILE),
  );
  for (const child of children) process.kill(child.pid, 'SIGKILL');
  if (children.length === 0) throw new Error('no child was found to be killed');
}
