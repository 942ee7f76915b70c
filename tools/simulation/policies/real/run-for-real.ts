import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { configurationTextOf } from '../configuration.ts';
import { History } from '../history.ts';
import type { PolicyPlan } from '../plan.ts';
import { PolicyClient } from '../policy-client.ts';
import { ScriptedUpstream } from '../scripted-upstream.ts';
import { RealConnection } from './real-connection.ts';
import { startRealServer } from './real-servers.ts';

/** A bundle where there is one, as in tests from end to end. */
const MAIN =
  process.env['OMNI_E2E_MAIN'] ??
  fileURLToPath(new URL('../../../../apps/master-server/src/main.ts', import.meta.url));
const LISTENING = /listening on (http:\/\/\S+\/mcp)/;
/** How late things are on a machine that has other things to do. */
const SLACK_MS = 500;
const READY_MS = 60_000;
const LAST_ANSWERS_MS = 20_000;
const LOOK_MS = 20;

/** Runs a plan with Omni as a process, servers on sockets and in processes, and real time. */
export async function runForReal(plan: PolicyPlan): Promise<History> {
  let startMs = Infinity;
  const history = new History(plan, { nowMs: () => performance.now() - startMs, slackMs: SLACK_MS });
  const upstreams = plan.upstreams.map(
    (upstream) =>
      new ScriptedUpstream({
        plan: upstream,
        history,
        after: (delayMs, action) => setTimeout(action, delayMs),
      }),
  );
  await using ends = new AsyncDisposableStack();
  const entries = new Map<string, Readonly<Record<string, unknown>>>();
  for (const upstream of upstreams)
    entries.set(upstream.plan.name, ends.use(await startRealServer(upstream)).entry);
  const folder = await mkdtemp(join(tmpdir(), 'omni-plan-'));
  ends.defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'omni.json');
  await writeFile(
    file,
    configurationTextOf(plan, ({ name }) => entries.get(name) ?? {}),
  );
  const url = await startOmni(file, folder, ends);
  await readyAt(new URL(url).origin);
  const clients = new Map(
    plan.clients.map((client) => [
      client.name,
      new PolicyClient(client, history, (own, listener) => {
        const connection = new RealConnection(url, own, listener);
        ends.defer(() => connection.close());
        return connection;
      }),
    ]),
  );
  // Sessions are there by then.
  await pause(500);
  startMs = performance.now();
  for (const call of plan.calls) {
    setTimeout(() => clients.get(call.client)?.call(call), call.atMs);
    if (call.cancelAfterMs !== undefined)
      setTimeout(() => clients.get(call.client)?.cancel(call), call.atMs + call.cancelAfterMs);
  }
  await pause(plan.durationMs);
  const untilMs = performance.now() + LAST_ANSWERS_MS;
  while (performance.now() < untilMs && isWaiting(history)) await pause(LOOK_MS);
  return history;
}

function isWaiting({ calls }: History): boolean {
  return [...calls.values()].some(
    ({ reply, cancelledAtMs }) => reply === undefined && cancelledAtMs === undefined,
  );
}

/** @returns Its address. */
async function startOmni(file: string, folder: string, ends: AsyncDisposableStack): Promise<string> {
  const child = spawn(
    process.execPath,
    ['--conditions=@omni/source', MAIN, 'serve', '--config', file, '--listen', '127.0.0.1:0'],
    {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, OMNI_HOME: join(folder, 'state'), NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  ends.defer(() => stop(child));
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-100_000);
      const url = LISTENING.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.on('exit', (code) => reject(new Error(`Omni ended with ${code}:\n${said}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

async function readyAt(origin: string): Promise<void> {
  const untilMs = performance.now() + READY_MS;
  while (performance.now() < untilMs) {
    if ((await fetch(`${origin}/health/ready`)).status === 200) return;
    await pause(LOOK_MS);
  }
  throw new Error('Omni is not ready');
}
