import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { legacyCall, modernRequest, openRawSession, post, textOf } from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

let omni: Omni;
let folder: string;
const recordOf = (upstream: string): string => join(folder, upstream);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  omni = await startOmni({
    mcpServers: {
      legacy: scriptedEntry(['--record', recordOf('legacy')]),
      modern: scriptedEntry(['--era', 'modern', '--record', recordOf('modern')]),
    },
  });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

interface Received {
  readonly id?: unknown;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly requestId?: unknown; readonly reason?: string };
}

async function received(upstream: string): Promise<readonly Received[]> {
  const lines = (await readFile(recordOf(upstream), 'utf8')).trim().split('\n');
  // Omni sends JSON-RPC.
  return lines.map((line) => JSON.parse(line) as Received);
}

/** Calls of a tool that the upstream has received, and those of them that were cancelled. */
async function callsOf(
  upstream: string,
  tool: string,
): Promise<{ readonly ids: readonly unknown[]; readonly cancelled: readonly Received[] }> {
  const all = await received(upstream);
  const ids = all.filter(({ params }) => params?.name === tool).map(({ id }) => id);
  return {
    ids,
    cancelled: all.filter(
      ({ method, params }) => method === 'notifications/cancelled' && ids.includes(params?.requestId),
    ),
  };
}

/**
 * How a request ends that the client breaks off; watched from its beginning, so that no rejection is ever
 * unhandled.
 */
async function outcomeOf(running: Promise<unknown>): Promise<'answered' | 'broken off'> {
  return await running.then(
    () => 'answered' as const,
    () => 'broken off' as const,
  );
}

describe('cancellation', () => {
  for (const upstream of ['legacy', 'modern']) {
    it(`of the legacy era is a notification: a ${upstream} server is told, with the reason, and there is no answer`, async () => {
      const before = (await callsOf(upstream, 'never')).ids.length;
      const session = await openRawSession(omni.url);
      const running = session.send(legacyCall('"x"', `${upstream}__never`));
      await eventually(
        'the call arrived',
        async () => (await callsOf(upstream, 'never')).ids.length > before,
      );
      await session.send(
        '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x","reason":"changed my mind"}}',
      );
      const answered = await running;
      expect(answered.messages).toEqual([]);
      const cancelled = await eventually('the server is told', async () =>
        (await callsOf(upstream, 'never')).cancelled.at(-1),
      );
      expect(cancelled.params?.reason).toBe('changed my mind');
    });

    it(`of the modern era is a closed connection: a ${upstream} server is told`, async () => {
      const before = (await callsOf(upstream, 'never')).cancelled.length;
      const name = `${upstream}__never`;
      const made = modernRequest({
        id: '1',
        method: 'tools/call',
        name,
        params: `"name":"${name}","arguments":{}`,
      });
      const abort = new AbortController();
      const running = post(omni.url, made.body, { headers: made.headers, signal: abort.signal });
      const outcome = outcomeOf(running);
      await eventually(
        'the call arrived',
        async () => (await callsOf(upstream, 'never')).ids.length > before,
      );
      abort.abort();
      expect(await outcome).toBe('broken off');
      await eventually(
        'the server is told',
        async () => (await callsOf(upstream, 'never')).cancelled.length > before,
      );
    });
  }

  it('of the legacy era is not a closed connection: the call runs on', async () => {
    const session = await openRawSession(omni.url);
    const abort = new AbortController();
    const running = session.send(legacyCall('1', 'legacy__slow', '{"ms":400,"text":"ran on"}'), {
      signal: abort.signal,
    });
    const outcome = outcomeOf(running);
    await eventually('the call arrived', async () => (await callsOf('legacy', 'slow')).ids.length === 1);
    abort.abort();
    expect(await outcome).toBe('broken off');
    // The id stays in use until the answer is there.
    await eventually('the call has ended', async () => {
      const answer = await session.send(legacyCall('1', 'legacy__pid'));
      return textOf(answer.messages.at(-1));
    });
    expect((await callsOf('legacy', 'slow')).cancelled).toEqual([]);
  });

  // guard: process/cancel
  it('of an id that nobody knows, or that belongs to another session, does nothing', async () => {
    const [one, two] = await Promise.all([openRawSession(omni.url), openRawSession(omni.url)]);
    const running = one.send(legacyCall('1', 'legacy__slow', '{"ms":300,"text":"mine"}'));
    await two.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    await one.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}');
    expect(textOf((await running).messages.at(-1))).toBe('mine');
  });

  it('of a whole session cancels what runs in it', async () => {
    const before = (await callsOf('legacy', 'never')).cancelled.length;
    const count = (await callsOf('legacy', 'never')).ids.length;
    const session = await openRawSession(omni.url);
    const running = session.send(legacyCall('1', 'legacy__never'));
    await eventually('the call arrived', async () => (await callsOf('legacy', 'never')).ids.length > count);
    expect(await session.end()).toBe(200);
    await running;
    await eventually(
      'the server is told',
      async () => (await callsOf('legacy', 'never')).cancelled.length > before,
    );
  });
});
