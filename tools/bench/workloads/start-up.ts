import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SkippedSubject, StartUpResult } from '../bench-result.ts';
import { ownPids, type BenchSession } from '../bench-session.ts';
import { sendOnce } from '../call-once.ts';
import { memoryOf } from '../process-tree.ts';
import { bootstrapMedian } from '../statistics.ts';
import { startOmni, type RunningOmni } from '../subjects/omni.ts';
import { stdioAnswerMs } from './stdio-start.ts';

const READY_TIMEOUT_MS = 15_000;
const POLL_MS = 2;
const IDLE_MS = 3_000;

/**
 * With no upstreams: time from spawn to the first 200 of `/health/ready`, resident memory three seconds
 * later, and time from the spawn of `omni stdio` to its answer to `initialize`.
 */
export async function runStartUp(session: BenchSession, rounds: number): Promise<StartUpResult> {
  const samples: { readyMs: number; idleRssBytes: number; stdioMs: number }[] = [];
  const skipped: SkippedSubject[] = [];
  for (let round = 0; round < rounds && skipped.length === 0; round += 1) {
    session.progress(`W10: round ${round + 1} of ${rounds}`);
    const folder = join(session.folder, `W10-${round}`);
    mkdirSync(folder, { recursive: true });
    let omni: RunningOmni | undefined;
    try {
      omni = await startOmni({}, session.cores, folder);
      const readyMs = (await waitUntilReady(omni)) - omni.spawnedAt;
      await delay(IDLE_MS);
      const idleRssBytes = memoryOf(ownPids(omni.process.pid)).rssBytes;
      await omni.process.stop();
      samples.push({ readyMs, idleRssBytes, stdioMs: await stdioAnswerMs(session, folder) });
    } catch (error) {
      const log = omni?.process.logTail() ?? '';
      skipped.push({
        name: 'omni',
        reason: `${error instanceof Error ? error.message : String(error)}${log === '' ? '' : `; it wrote: ${log}`}`,
      });
    }
    await omni?.process.stop();
  }
  return {
    readyMs: bootstrapMedian(
      samples.map(({ readyMs }) => readyMs),
      session.seed,
    ),
    idleRssBytes: bootstrapMedian(
      samples.map(({ idleRssBytes }) => idleRssBytes),
      session.seed,
    ),
    stdioMs: bootstrapMedian(
      samples.map(({ stdioMs }) => stdioMs),
      session.seed,
    ),
    samples,
    skipped,
  };
}

async function waitUntilReady(omni: RunningOmni): Promise<number> {
  const target = { host: '127.0.0.1', port: omni.port };
  const request = {
    method: 'GET',
    path: '/health/ready',
    headers: { Authorization: `Bearer ${omni.token}` },
    body: '',
  } as const;
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const status = await sendOnce(target, request).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return performance.now();
    if (omni.process.isGone) throw new Error('it ended before it was ready');
    if (performance.now() > deadline)
      throw new Error(`not ready within ${READY_TIMEOUT_MS / 1_000} s (last status: ${status})`);
    await delay(POLL_MS);
  }
}
