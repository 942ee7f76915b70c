import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHttpClient, type Era, type RawHttpClient } from './fidelity/raw-client.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { legacyCall, openRawSession, postModern } from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';
import { canary, CanaryOracle } from './isolation/canary-oracle.ts';
import { SeededRandom } from './isolation/seeded-random.ts';

const CLIENTS = 200;
const CALLS = 30;
const TOOLS = ['old__slow', 'new__slow', 'old__echo', 'new__echo'] as const;

let omni: Omni;
let record: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  record = join(folder, 'record');
  const mcpServers = { old: scriptedEntry(['--record', record]), new: scriptedEntry(['--era', 'modern']) };
  const tokens = Array.from({ length: CLIENTS }, (_, index) => ({
    name: `p${index}`,
    token: tokenOf(index),
  }));
  omni = await startOmni({ auth: { mode: 'token', token: tokenOf(CLIENTS), tokens }, mcpServers });
  await omni.ready();
}, 30_000);

afterAll(endEverything, 30_000);

function tokenOf(principal: number): string {
  return `token-of-principal-${principal}`;
}

function bearer(principal: number): Record<string, string> {
  return { authorization: `Bearer ${tokenOf(principal)}` };
}

interface Outcome {
  answered: number;
  cut: number;
}

/** One client after another life: calls with the ids that all use, cuts some off, ends now and then. */
async function talk(principal: number, oracle: CanaryOracle): Promise<Outcome> {
  const random = new SeededRandom(principal);
  const era: Era = principal % 2 === 0 ? 'legacy' : 'modern';
  const outcome: Outcome = { answered: 0, cut: 0 };
  let life = 1;
  let client: RawHttpClient = await openHttpClient(omni.url, era, 2, bearer(principal));
  for (let serial = 1; serial <= CALLS; serial++) {
    const owner = `p${principal}-${life}`;
    const text = canary(owner, serial);
    const abort = new AbortController();
    const answer = client.call(
      1 + (serial % 2),
      TOOLS[random.below(TOOLS.length)] ?? TOOLS[0],
      `{"ms":${random.below(15)},"text":"${text}"}`,
      abort.signal,
    );
    if (random.oneIn(15)) setImmediate(() => abort.abort());
    try {
      const got = await answer;
      outcome.answered += got.includes(text) ? 1 : 0;
      oracle.look(owner, got);
      oracle.lookAtAnswer(owner, serial, got);
    } catch {
      outcome.cut++;
      // A legacy call goes on without its connection, and its id stays in use: a new session begins.
      if (era === 'legacy') {
        await client.end();
        life++;
        client = await openHttpClient(omni.url, era, 2, bearer(principal));
      }
    }
  }
  await client.end();
  return outcome;
}

describe('two hundred principals, each with its token, who use the same two ids over HTTP', () => {
  // guard: process/own-answers
  it('get their own answers, whichever are cut off', async () => {
    const oracle = new CanaryOracle();
    const outcomes = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => talk(index, oracle)));
    const sum = (key: keyof Outcome): number => outcomes.reduce((all, outcome) => all + outcome[key], 0);
    expect(oracle.leaks).toEqual([]);
    expect(sum('answered') + sum('cut')).toBe(CLIENTS * CALLS);
    expect(sum('cut')).toBeGreaterThan(CLIENTS / 2);
  }, 40_000);
});

describe('a request with line breaks between its tokens', () => {
  /** A message that stands on a line of its own in arguments that are sound JSON. */
  const SMUGGLED =
    '{"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"name":"crash","arguments":{"text":"smuggled"}}}';
  const ARGUMENTS = `{"list":[\n${SMUGGLED}\n,\r${SMUGGLED}\r]}`;

  it('is one message for a server on stdio, and no part of it becomes another', async () => {
    const session = await openRawSession(omni.url, { headers: bearer(0) });
    const flat = ARGUMENTS.replace(/[\r\n]+/g, ' ');
    expect((await session.send(legacyCall('1', 'old__echo', ARGUMENTS))).text).toContain(
      `"structuredContent":${flat}`,
    );
    const params = `"name":"new__echo","arguments":${ARGUMENTS}`;
    const request = { id: '1', method: 'tools/call', name: 'new__echo', params };
    const modern = await postModern(omni.url, request, { headers: bearer(1) });
    expect(modern.text).toContain(`"structuredContent":${flat}`);
    const lines = (await readFile(record, 'utf8')).split('\n');
    expect(
      lines.filter((line) => line.includes('smuggled')).map((line) => line.includes('"name":"echo"')),
    ).toEqual([true]);
  });
});
