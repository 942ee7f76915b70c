import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { BackgroundClient } from './background-client.ts';
import { LegacyClient } from './legacy-client.ts';
import { OmniProcess, scripted } from './omni-process.ts';
import { Oracle, type GatewayLoad } from './oracle.ts';
import { ARGUMENT_CANARY, callText, echoed, ENV_CANARY, modernPost, TOKEN } from './request-bytes.ts';
import { send } from './raw-http.ts';
import type { Row } from './row.ts';
import { HTTP_ROWS } from './rows-http.ts';
import { until } from './until.ts';

const FIXTURE = fileURLToPath(new URL('../../../../tools/conformance/fixture/main.ts', import.meta.url));
const ROW_MS = 60_000;

let folder: string;
let omni: OmniProcess;
let goodClient: BackgroundClient;
let oracle: Oracle;
let baseline: GatewayLoad;
let slow: ReadonlyMap<Row, Promise<readonly string[]>>;

function tally(letter: string): number {
  return readFileSync(join(folder, 'tally'), 'utf8').split(letter).length - 1;
}

async function probe(): Promise<void> {
  const { answers } = await send({ port: omni.port, bytes: modernPost(callText()), withinMs: 5_000 });
  expect(answers[0]?.status).toBe(200);
}

beforeAll(async () => {
  const env = { CANARY: ENV_CANARY };
  folder = await mkdtemp(join(tmpdir(), 'omni-bad-input-'));
  omni = await OmniProcess.start({
    // H23 sends 1,000 requests at once, and the good client must find a place beside them.
    limits: { maxInFlight: 2_000 },
    mcpServers: {
      echo: { ...scripted('echo-upstream.mjs', join(folder, 'tally')), env },
      good: { ...scripted('echo-upstream.mjs'), env },
      fixture: { command: process.execPath, args: ['--conditions=@omni/source', FIXTURE, '--stdio'], env },
    },
  });
  const areUp = async (): Promise<boolean> =>
    (await Promise.all(['echo', 'good', 'fixture'].map((name) => omni.upstream(name)))).every(
      ({ tools }) => tools > 0,
    );
  expect(await until(areUp, 20_000)).toBe(true);
  // Connections for legacy clients open with the first of them; they stay and belong to the baseline.
  const session = await LegacyClient.open({ port: omni.port });
  for (const tool of ['echo__echo', 'good__echo', 'fixture__test_simple_text']) {
    await session.ask(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${echoed('1')}}}`,
    );
  }
  await session.end();
  await probe();
  baseline = await omni.measure();
  goodClient = new BackgroundClient({ port: omni.port, tool: 'good__echo' });
  goodClient.start();
  oracle = new Oracle({
    gateway: {
      port: omni.port,
      isAlive: omni.isAlive,
      log: omni.log,
      measure: omni.measure,
      memory: omni.memory,
      tally,
      probe,
    },
    goodClient,
    canaries: [TOKEN, ENV_CANARY, ARGUMENT_CANARY],
  });
  slow = new Map(HTTP_ROWS.filter(({ isSlow }) => isSlow).map((row) => [row, oracle.run(row)]));
}, ROW_MS);

afterAll(async () => {
  await goodClient.stop();
  await endEverything();
  await rm(folder, { recursive: true, force: true });
});

describe('Omni and bad input over HTTP', () => {
  it.each(HTTP_ROWS.map((row) => ({ ...row, row })))(
    '$id $title: refused in documented words or passed unchanged, and nobody else notices',
    async ({ row }) => {
      const problems = await (slow.get(row) ?? oracle.run(row));
      expect(problems).toEqual([]);
    },
    ROW_MS,
  );

  it(
    'is as it was before, and the good client never failed',
    async () => {
      await goodClient.stop();
      const left = await oracle.settled(baseline, 5_000);
      expect({ left, failures: goodClient.failures() }).toEqual({ left: [], failures: [] });
      process.stdout.write(`good client beside bad input: ${JSON.stringify(goodClient.summary())}\n`);
      expect(goodClient.summary().calls).toBeGreaterThan(500);
    },
    ROW_MS,
  );
});
