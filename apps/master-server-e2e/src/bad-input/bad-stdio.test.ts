import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { MARK, markedProcesses } from '../harness/processes.ts';
import { BackgroundClient } from './background-client.ts';
import { OmniProcess, scripted } from './omni-process.ts';
import { Oracle, type GatewayLoad } from './oracle.ts';
import { ENV_CANARY, TOKEN } from './request-bytes.ts';
import { STDIO_ROWS } from './rows-stdio.ts';
import { stdioContext, type StdioContext } from './stdio-context.ts';
import { until } from './until.ts';

const ROW_MS = 60_000;
const PAGES = ['loop', 'endless', 'endless-many', 'empty', 'blank-cursor', 'long-cursor', 'odd-cursor'];
const ENVIRONMENT = { BAD_INPUT_CANARY: ENV_CANARY };

let folder: string;
let sentinel: Server;
let sentinelHits = 0;

function bad(behaviour: string, argument = '', more: Readonly<Record<string, unknown>> = {}): object {
  return {
    ...scripted('bad-upstream.mjs', behaviour, argument),
    env: { CANARY: '${BAD_INPUT_CANARY}' },
    protocol: '2026-07-28',
    ...more,
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-bad-stdio-'));
  sentinel = createServer((_request, response) => {
    sentinelHits += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => void sentinel.listen(0, '127.0.0.1', resolve));
}, ROW_MS);

afterAll(async () => {
  await endEverything();
  sentinel.close();
  await rm(folder, { recursive: true, force: true });
}, ROW_MS);

describe('Omni and servers that misbehave', () => {
  let context: StdioContext;
  let goodClient: BackgroundClient;
  let oracle: Oracle;
  let baseline: GatewayLoad;

  beforeAll(async () => {
    const forbidden = join(folder, 'forbidden');
    writeFileSync(forbidden, 'no program');
    chmodSync(forbidden, 0o644);
    // A server that listens has an address with a port.
    const origin = `http://127.0.0.1:${(sentinel.address() as AddressInfo).port}`;
    const omni = await OmniProcess.start(
      {
        // One tool of each fails in many ways in a row, and each is to be seen.
        routing: { breaker: { failures: 0 } },
        mcpServers: {
          good: { ...scripted('echo-upstream.mjs'), protocol: '2026-07-28' },
          noisy: bad('noisy'),
          big: bad('plain', 'big'),
          trickle: bad('trickle'),
          disorder: bad('plain', 'disorder', { callTimeout: '1s' }),
          exits: bad('plain', 'exits'),
          between: bad('plain', 'between-calls'),
          dies: bad('die', '3'),
          'dies-on-first': bad('die-on-first'),
          missing: { command: 'no-such-command-anywhere' },
          nowhere: { command: join(folder, 'nowhere') },
          forbidden: { command: forbidden },
          'code-127': { command: '/bin/sh', args: ['-c', 'exit 127'] },
          mute: bad('mute', '', { callTimeout: '1s' }),
          sleeper: bad('plain', 'sleeps', { callTimeout: '1s' }),
          deaf: bad('deaf', '', { callTimeout: '2s' }),
          schemas: bad('schemas', origin),
          bottomless: bad('schemas', 'bottomless'),
          ...Object.fromEntries(PAGES.map((kind) => [`pages-${kind}`, bad('pages', kind)])),
        },
      },
      ENVIRONMENT,
    );
    context = stdioContext(omni, folder);
    const up = [
      'good',
      'noisy',
      'big',
      'trickle',
      'disorder',
      'exits',
      'between',
      'mute',
      'sleeper',
      'deaf',
      'schemas',
      ...PAGES.map((kind) => `pages-${kind}`),
    ];
    const notUp = async (): Promise<readonly string[]> => {
      const found = await omni.upstreams(up);
      return up.filter((_, index) => found[index]?.tools === 0);
    };
    await until(async () => (await notUp()).length === 0, 30_000);
    expect(await notUp()).toEqual([]);
    baseline = await omni.measure();
    goodClient = new BackgroundClient({ port: omni.port, tool: 'good__echo' });
    goodClient.start();
    const probe = (): Promise<void> => Promise.resolve();
    oracle = new Oracle({
      gateway: {
        port: omni.port,
        isAlive: omni.isAlive,
        log: omni.log,
        measure: omni.measure,
        memory: omni.memory,
        tally: () => 0,
        probe,
      },
      goodClient,
      canaries: [TOKEN, ENV_CANARY],
    });
  }, ROW_MS);

  it.each(STDIO_ROWS.map((row) => ({ ...row, row })))(
    '$id $title: documented errors for its own callers, nothing for others',
    async ({ row }) => {
      const cases = row.cases.map(({ name, run }) => ({ name, run: () => run(context) }));
      expect(await oracle.run({ ...row, cases })).toEqual([]);
    },
    ROW_MS,
  );

  it(
    'is as it was before, and the good client never failed',
    async () => {
      await goodClient.stop();
      // Servers that always fail are being started now and then.
      const left = await oracle.settled(
        { ...baseline, descriptors: baseline.descriptors + 6, children: baseline.children + 2 },
        10_000,
      );
      expect({ left, failures: goodClient.failures(), sentinelHits }).toEqual({
        left: [],
        failures: [],
        sentinelHits: 0,
      });
      process.stdout.write(`good client beside bad servers: ${JSON.stringify(goodClient.summary())}\n`);
      expect(goodClient.summary().calls).toBeGreaterThan(200);
    },
    ROW_MS,
  );
});

describe('Omni and servers that crash again and again', () => {
  it(
    'S06 waits longer each time, costs next to nothing, and serves the others',
    async () => {
      const starts = (name: string): number => readFileSync(join(folder, name), 'utf8').length;
      const omni = await OmniProcess.start(
        {
          mcpServers: {
            good: { ...scripted('echo-upstream.mjs'), protocol: '2026-07-28' },
            soon: bad('die-soon', join(folder, 'soon')),
            ready: bad('die-when-ready', join(folder, 'ready')),
          },
        },
        ENVIRONMENT,
      );
      expect(await until(async () => (await omni.upstream('good')).tools > 0, 20_000)).toBe(true);
      const cpu = omni.cpuSeconds();
      const startedAt = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      const share = (omni.cpuSeconds() - cpu) / ((performance.now() - startedAt) / 1_000);
      const goodClient = new BackgroundClient({ port: omni.port, tool: 'good__echo' });
      goodClient.start();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await goodClient.stop();
      const { state, lastError } = await omni.upstream('ready');
      // At 0, 0.5, 1.5, 3.5 and 8.5 s and later, each up to a tenth more.
      expect({
        soon: starts('soon') <= 5,
        ready: starts('ready') <= 5,
        isCheap: share < 0.1,
        failures: goodClient.failures(),
        state,
        code: lastError?.code,
      }).toEqual({
        soon: true,
        ready: true,
        isCheap: true,
        failures: [],
        state: 'down',
        code: 'OMNI_UPSTREAM_EXITED',
      });
      await omni.stop();
    },
    ROW_MS,
  );
});

describe('Omni and servers that do not want to end', () => {
  it(
    'S08 leaves none behind: not those that ignore signals, nor their children, sessions and orphans',
    async () => {
      const mark = `bad-input-${process.pid}`;
      const marked = { env: { [MARK]: mark } };
      const omni = await OmniProcess.start({
        mcpServers: {
          stubborn: bad('stubborn', '', marked),
          family: bad('family', '', marked),
          plain: bad('plain', '', marked),
        },
      });
      const areUp = async (): Promise<boolean> =>
        (await Promise.all(['stubborn', 'family', 'plain'].map((name) => omni.upstream(name)))).every(
          ({ tools }) => tools > 0,
        );
      expect(await until(areUp, 20_000)).toBe(true);
      expect(await until(() => markedProcesses(mark).length >= 6)).toBe(true);
      const startedAt = performance.now();
      const code = await omni.stop();
      const tookMs = performance.now() - startedAt;
      await until(() => markedProcesses(mark).length === 0, 2_000);
      const survivors = markedProcesses(mark);
      for (const { pid } of survivors) process.kill(pid, 'SIGKILL');
      expect({ code, survivors, isSoon: tookMs < 10_000 }).toEqual({ code: 0, survivors: [], isSoon: true });
    },
    ROW_MS,
  );
});
