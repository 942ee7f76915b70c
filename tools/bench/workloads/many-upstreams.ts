import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ManyUpstreamsResult, ManyUpstreamsSample } from '../bench-result.ts';
import { measure, ownPids, type BenchSession } from '../bench-session.ts';
import { listAnswer, sendOnce, waitUntilCallable } from '../call-once.ts';
import { memoryOf } from '../process-tree.ts';
import { FIRST_CALL_ID } from '../request-text.ts';
import { bootstrapMedian } from '../statistics.ts';
import { omniTarget, type RunningOmni } from '../subjects/omni.ts';
import { UPSTREAM_NAME, type Target } from '../target.ts';
import { roundsOf, withOmni } from './with-omni.ts';

const UPSTREAMS = 60;
/** Omni's limits of starting, which the bare loop keeps to as well. */
const STARTING_AT_ONCE = 8;
const STARTS_PER_SECOND = 20;
const UP_TIMEOUT_MS = 60_000;
const POLL_MS = 10;
const JOB = { bytes: 200, connections: 32, warmUpMs: 2_000 };
/** How long a server of the restart takes before it answers anything. */
const SLOW_STARTS_MS = [0, 500, 3_000];
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
};
const LIST = { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} };

/**
 * Sixty real servers on stdio: how long until all are well, beside a loop that only spawns and greets them;
 * what a call costs beside a single server; memory. And the first list after a restart, which comes from what
 * was kept, however slow the servers are.
 */
export async function runManyUpstreams(
  session: BenchSession,
  { rounds, measureMs }: { readonly rounds: number; readonly measureMs: number },
): Promise<ManyUpstreamsResult> {
  const { samples, skipped } = await roundsOf(session, { label: 'many', rounds }, async (round) => [
    await oneRound(session, join(session.folder, `many-${round}`), round, measureMs),
  ]);
  const estimate = (pick: (sample: ManyUpstreamsSample) => number) =>
    bootstrapMedian(samples.map(pick), session.seed);
  return {
    upstreams: UPSTREAMS,
    startRatio: estimate(({ allUpMs, bareLoopMs }) => allUpMs / bareLoopMs),
    costRatio: estimate(({ manyCpuUs, oneCpuUs }) => manyCpuUs / oneCpuUs),
    rssBytes: estimate(({ rssBytes }) => rssBytes),
    keptListMs: estimate(({ keptListMs }) => keptListMs),
    probeRoundMs: estimate(({ probeRoundMs = 0 }) => probeRoundMs),
    p95Ms: estimate(({ manyP95Ms = 0 }) => manyP95Ms),
    addedP95Ms: estimate(({ manyP95Ms = 0, oneP95Ms = 0 }) => manyP95Ms - oneP95Ms),
    samples,
    skipped,
  };
}

async function oneRound(
  session: BenchSession,
  folder: string,
  round: number,
  measureMs: number,
): Promise<ManyUpstreamsSample> {
  const { command, args } = session.upstream.stdioCommand;
  const bareLoopMs = await spawnAndGreetAll(command, args);
  const names = Array.from({ length: UPSTREAMS }, (_, index) => `${UPSTREAM_NAME}${index}`);
  const servers = Object.fromEntries(names.map((name) => [name, { command, args }]));
  const many = await withOmni(session, { folder: join(folder, 'many'), servers }, async (omni) => {
    await waitUntilAllListed(omni, UPSTREAMS);
    const allUpMs = performance.now() - omni.spawnedAt;
    const target = { ...omniTarget(omni), toolName: `${names[UPSTREAMS / 2]}__echo` };
    const cost = await load(session, omni, target, { round, measureMs });
    const { rssBytes } = memoryOf(ownPids(omni.process.pid));
    return { allUpMs, ...cost, rssBytes, probeRoundMs: await probeRound(omni) };
  });
  const one = await withOmni(
    session,
    { folder: join(folder, 'one'), servers: { [UPSTREAM_NAME]: { command, args } } },
    async (omni) => {
      const target = omniTarget(omni);
      await waitUntilCallable(target, { timeoutMs: UP_TIMEOUT_MS, isGone: () => omni.process.isGone });
      return load(session, omni, target, { round, measureMs });
    },
  );
  return {
    round,
    bareLoopMs,
    allUpMs: many.allUpMs,
    manyCpuUs: many.cpuUsPerCall,
    oneCpuUs: one.cpuUsPerCall,
    rssBytes: many.rssBytes,
    keptListMs: await listAfterRestart(session, join(folder, 'kept')),
    probeRoundMs: many.probeRoundMs,
    manyP95Ms: many.p95Ms,
    oneP95Ms: one.p95Ms,
  };
}

/** What a call costs at full load, and how long it takes at half of it. */
async function load(
  session: BenchSession,
  omni: RunningOmni,
  target: Target,
  { round, measureMs }: { readonly round: number; readonly measureMs: number },
): Promise<{ readonly cpuUsPerCall: number; readonly p95Ms: number }> {
  const started = { running: { process: omni.process, target } };
  const { cpuUsPerCall, callsPerSecond } = await measure(session, started, { ...JOB, measureMs }, round);
  const half = { ...JOB, warmUpMs: 500, measureMs, ratePerSecond: callsPerSecond / 2 };
  const { latencyUs } = await measure(session, started, half, round);
  return { cpuUsPerCall, p95Ms: latencyUs.p95 / 1_000 };
}

/** Milliseconds until all servers have been asked whether they live. */
async function probeRound(omni: RunningOmni): Promise<number> {
  const askedAt = performance.now();
  const { status } = await sendOnce(omniTarget(omni), {
    method: 'GET',
    path: '/health/ready?scope=all&probe=1',
    headers: omniTarget(omni).headers,
    body: '',
  });
  if (status !== 200) throw new Error(`a round of probes ends with HTTP ${status}`);
  return performance.now() - askedAt;
}

/** Milliseconds from the first spawn until each has answered `initialize` and `tools/list`. */
async function spawnAndGreetAll(command: string, args: readonly string[]): Promise<number> {
  const began = performance.now();
  const starting = new Set<Promise<void>>();
  const all: Promise<void>[] = [];
  const ends: (() => void)[] = [];
  try {
    for (let index = 0; index < UPSTREAMS; index += 1) {
      const due = began + ((index - STARTS_PER_SECOND) * 1_000) / STARTS_PER_SECOND;
      while (starting.size >= STARTING_AT_ONCE) await Promise.race(starting);
      if (due > performance.now()) await delay(due - performance.now());
      const greeted = greet(command, args, ends).finally(() => starting.delete(greeted));
      starting.add(greeted);
      all.push(greeted);
    }
    await Promise.all(all);
    return performance.now() - began;
  } finally {
    for (const end of ends) end();
  }
}

async function greet(command: string, args: readonly string[], ends: (() => void)[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  ends.push(() => void child.stdin.end());
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('a server ended before it answered')));
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      if (line.includes('"id":2')) return resolve();
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
      child.stdin.write(`${JSON.stringify(LIST)}\n`);
    });
    child.stdin.write(`${JSON.stringify(INITIALIZE)}\n`);
  });
}

/**
 * Milliseconds from the spawn of Omni to its first list with the tools of all its servers, after it has run
 * with them once.
 */
async function listAfterRestart(session: BenchSession, folder: string): Promise<number> {
  const { command, args } = session.upstream.stdioCommand;
  const servers = Object.fromEntries(
    SLOW_STARTS_MS.map((ms) => [
      `slow${ms}`,
      { command: 'sh', args: ['-c', `sleep ${ms / 1_000}; exec "$@"`, 'sh', command, ...args] },
    ]),
  );
  await withOmni(session, { folder, servers }, (omni) => waitUntilAllListed(omni, SLOW_STARTS_MS.length));
  return withOmni(session, { folder, servers }, async (omni) => {
    await waitUntilAllListed(omni, SLOW_STARTS_MS.length, 2);
    return performance.now() - omni.spawnedAt;
  });
}

/** Waits until a list holds the echo tool of each of so many servers. */
async function waitUntilAllListed(omni: RunningOmni, servers: number, pollMs = POLL_MS): Promise<void> {
  const target = omniTarget(omni);
  const deadline = performance.now() + UP_TIMEOUT_MS;
  for (;;) {
    const listed = await listAnswer(target, FIRST_CALL_ID).then(
      (answer) => answer.split('__echo"').length - 1,
      () => 0,
    );
    if (listed >= servers) return;
    if (omni.process.isGone || performance.now() > deadline)
      throw new Error(`only ${listed} of ${servers} servers were listed`);
    await delay(pollMs);
  }
}
