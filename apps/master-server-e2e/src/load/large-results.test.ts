import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { canSeeProcesses } from '../harness/processes.ts';
import { errorOf, legacyCall, openRawSession, postModern } from '../harness/raw-mcp.ts';
import { startOmni, type Omni } from '../harness/start-omni.ts';
import { CALL_ID, callOnce, latencies } from './load-client.ts';
import { bigFrame, startLoadUpstream, type BigArguments } from './load-upstream.ts';
import { residentMib, watchPeakMib } from './process-memory.ts';

const MB = 1_000_000;
let omni: Omni;
let wide: Omni;

beforeAll(async () => {
  const upstream = await startLoadUpstream();
  const mcpServers = {
    load: { type: 'http', url: upstream.url, protocol: '2026-07-28' },
    impatient: { type: 'http', url: upstream.url, callTimeout: '1s' },
    old: { type: 'http', url: upstream.url, protocol: 'legacy' },
  };
  [omni, wide] = await Promise.all([
    startOmni({ mcpServers }),
    startOmni({ mcpServers, limits: { maxUpstreamMessageBytes: 80 * MB } }),
  ]);
  await Promise.all([omni.ready(), wide.ready()]);
}, 30_000);

afterAll(endEverything);

/** SHA-256 of the body that `big` answers with. */
function digestOf(bytes: number): string {
  const [head, tail] = bigFrame(CALL_ID);
  return createHash('sha256').update(head).update('x'.repeat(bytes)).update(tail).digest('hex');
}

const big = (url: string, args: BigArguments, server = 'load') =>
  callOnce(url, `${server}__big`, args).read();

describe('a large result', () => {
  it.each([
    ['of a declared length', true],
    ['of unknown length', false],
  ])('%s arrives byte for byte', async (_what, isDeclared) => {
    const read = await big(omni.url, { bytes: 10 * MB, isDeclared });
    expect(read).toMatchObject({
      status: 200,
      contentType: 'application/json',
      isComplete: true,
      digest: digestOf(10 * MB),
    });
  });

  (canSeeProcesses ? it : it.skip)(
    'of 64 MB passes where the limit allows it, in a fraction of its size',
    async () => {
      const { pid } = wide.process;
      await latencies(wide.url, 'load__echo', 500);
      await big(wide.url, { bytes: 8 * MB });
      const before = residentMib(pid);
      const peak = watchPeakMib(pid);
      const read = await big(wide.url, { bytes: 64 * MB });
      expect(read.isComplete).toBe(true);
      expect(read.digest).toBe(digestOf(64 * MB));
      expect(peak() - before).toBeLessThan(40);
      // The control: an answer whose id comes last cannot be shown to anybody before its end, so it is held.
      // Of two at once more is seen than what the first part of this test has left free.
      const peakOfWhole = watchPeakMib(pid);
      const held = await Promise.all([1, 2].map(() => big(wide.url, { bytes: 64 * MB, id: 'last' })));
      expect(held.map(({ isComplete }) => isComplete)).toEqual([true, true]);
      expect(peakOfWhole() - before).toBeGreaterThan(60);
    },
  );

  it('beyond the limit is refused with the name of the limit, before anything of it goes on', async () => {
    for (const isDeclared of [true, false]) {
      const [message] = (
        await postModern(omni.url, {
          id: CALL_ID,
          method: 'tools/call',
          name: 'load__big',
          params: `"name":"load__big","arguments":${JSON.stringify({ bytes: 20 * MB, id: 'last', isDeclared })}`,
        })
      ).messages;
      expect(errorOf(message)).toMatchObject({ omni: 'OMNI_UPSTREAM_TOO_LARGE' });
    }
    const read = await big(omni.url, { bytes: 20 * MB });
    expect(read.status).toBe(200);
    expect(read.contentType).toBe('application/json');
    expect(read.bytes).toBeLessThan(1_000);
  });

  it.each<[string, BigArguments, string]>([
    ['whose server breaks off', { bytes: 4 * MB, breaksAfter: 2 * MB }, 'OMNI_UPSTREAM_UNREACHABLE'],
    ['that grows beyond the limit', { bytes: 20 * MB }, 'OMNI_UPSTREAM_TOO_LARGE'],
  ])('of unknown length %s is answered with what went wrong', async (_what, args, code) => {
    const { status, messages } = await postModern(omni.url, {
      id: CALL_ID,
      method: 'tools/call',
      name: 'load__big',
      params: `"name":"load__big","arguments":${JSON.stringify({ ...args, isDeclared: false })}`,
    });
    const { cause, omni: told } = errorOf(messages[0]) ?? {};
    expect([status, messages.length, cause ?? told]).toEqual([200, 1, code]);
    expect(await big(omni.url, { bytes: MB })).toMatchObject({ isComplete: true, digest: digestOf(MB) });
  });

  it.each<[string, BigArguments, string]>([
    ['whose server breaks off', { bytes: 4 * MB, breaksAfter: 2 * MB }, 'OMNI_UPSTREAM_UNREACHABLE'],
    ['whose server falls silent', { bytes: 4 * MB, silentAfter: 2 * MB }, 'OMNI_UPSTREAM_TIMEOUT'],
  ])('%s is cut, never ended, and the log says why', async (_what, args, code) => {
    const lines = (): number => omni.process.logs().filter((line) => line['cause'] === code).length;
    const before = lines();
    const read = await big(omni.url, args, args.silentAfter === undefined ? 'load' : 'impatient');
    expect(read.isComplete).toBe(false);
    expect(read.bytes).toBeGreaterThan(MB);
    expect(read.bytes).toBeLessThan(18 * MB);
    await eventually('the line in the log', () => lines() > before);
    expect(await big(omni.url, { bytes: MB })).toMatchObject({ isComplete: true, digest: digestOf(MB) });
  });

  it('that comes when the event stream has begun is one event [PROTO-R30]', async () => {
    const url = `${omni.origin}/mcp/load`;
    const read = await callOnce(url, 'big', { bytes: 8 * MB, delayMs: 6_500 }).read();
    const [head, tail] = bigFrame(CALL_ID);
    expect(read).toMatchObject({ contentType: 'text/event-stream', isComplete: true });
    expect(read.bytes - head.length - tail.length - 8 * MB).toBeGreaterThanOrEqual(
      ': keep-alive\n\nevent: message\ndata: \n\n'.length,
    );
  });

  it('reaches a client of the other era translated, and whole', async () => {
    const session = await openRawSession(omni.url);
    const { messages } = await session.send(legacyCall('5', 'load__big', JSON.stringify({ bytes: 2 * MB })));
    expect(messages).toHaveLength(1);
    expect(messages[0]?.length).toBe(
      `{"jsonrpc":"2.0","id":5,"result":{"content":[{"type":"text","text":""}]}}`.length + 2 * MB,
    );
  });

  it('within the legacy era arrives byte for byte under the id of the client', async () => {
    const session = await openRawSession(omni.url);
    const { messages, headers } = await session.send(
      legacyCall('"five"', 'old__big', JSON.stringify({ bytes: 3 * MB })),
    );
    const [head, tail] = bigFrame('"five"');
    expect(messages.map((text) => text === head + 'x'.repeat(3 * MB) + tail)).toEqual([true]);
    expect(headers.get('content-length')).toBe(String(head.length + 3 * MB + tail.length));
  });
});
