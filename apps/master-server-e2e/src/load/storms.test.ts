import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { canSeeProcesses } from '../harness/processes.ts';
import { eventData, legacyCall, openRawSession, textOf, type RawSession } from '../harness/raw-mcp.ts';
import { startOmni, type Omni } from '../harness/start-omni.ts';
import { latencies, percentile } from './load-client.ts';
import { startLoadUpstream } from './load-upstream.ts';
import { residentMib, watchPeakMib } from './process-memory.ts';

/** Of each kind. */
const NOTIFICATIONS = 10_000;
const CALLS = 300;
const MAX_GROWTH_MIB = 80;

let omni: Omni;
let session: RawSession;

beforeAll(async () => {
  const upstream = await startLoadUpstream();
  omni = await startOmni({
    mcpServers: {
      storm: {
        command: process.execPath,
        args: [fileURLToPath(new URL('storm-server.mjs', import.meta.url))],
      },
      load: { type: 'http', url: upstream.url },
    },
  });
  await omni.ready();
  session = await openRawSession(omni.url);
  await latencies(omni.url, 'load__echo', 2 * CALLS);
}, 30_000);

afterAll(endEverything);

const storm = (id: string, count: number, bytes: number): string =>
  legacyCall(id, 'storm__storm', JSON.stringify({ count, bytes }), '{"progressToken":"t"}');

/** Opens the stream of the session that belongs to no request; what comes is kept as text. */
async function openSessionStream(): Promise<{ readonly text: () => string; close(): void }> {
  let text = '';
  const sent = request(omni.url, {
    method: 'GET',
    agent: false,
    headers: { ...session.headers, accept: 'text/event-stream' },
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
    sent.end();
  });
  response.on('error', () => {});
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { text: () => text, close: () => void sent.destroy() };
}

(canSeeProcesses ? describe : describe.skip)('a storm of notifications', () => {
  it('is bounded and drawn together, and holds no other server up [PROTO-R30]', async () => {
    const usual = percentile(await latencies(omni.url, 'load__echo', CALLS), 0.99);
    const stream = await openSessionStream();
    const before = residentMib(omni.process.pid);
    const peak = watchPeakMib(omni.process.pid);
    const began = performance.now();
    const running = session.send(storm('1', NOTIFICATIONS, 100));
    const meanwhile = percentile(await latencies(omni.url, 'load__echo', CALLS), 0.99);
    const { messages } = await running;
    const tookMs = performance.now() - began;
    const grownMib = peak() - before;
    process.stderr.write(
      `storm: 3 x ${NOTIFICATIONS} in ${tookMs.toFixed(0)} ms, ${grownMib.toFixed(1)} MiB, listed ${textOf(messages.at(-1))} times; p99 of others ${usual.toFixed(1)} -> ${meanwhile.toFixed(1)} ms\n`,
    );
    const progress = messages.filter((text) => text.includes('notifications/progress'));
    expect(progress.length).toBeGreaterThan(0);
    expect(messages.some((text) => text.includes('notifications/message'))).toBe(true);
    // In order, each at most once, whatever was left out.
    const steps = progress.map((text) => Number(/"progress":(\d+)/.exec(text)?.[1]));
    expect(steps).toEqual([...new Set(steps)].sort((one, other) => one - other));
    expect(Number(textOf(messages.at(-1)))).toBeLessThan(NOTIFICATIONS / 100);
    expect(grownMib).toBeLessThan(MAX_GROWTH_MIB);
    expect(meanwhile).toBeLessThan(1_000);
    await eventually('the change is announced', () => stream.text().includes('tools/list_changed'));
    expect(eventData(stream.text()).filter((text) => text.includes('list_changed')).length).toBeLessThan(
      NOTIFICATIONS / 100,
    );
    stream.close();
  });

  it('is not kept for a client that does not read', async () => {
    const before = residentMib(omni.process.pid);
    const peak = watchPeakMib(omni.process.pid);
    const sent = request(omni.url, {
      method: 'POST',
      agent: false,
      headers: {
        ...session.headers,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
    });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve).on('error', reject);
      sent.end(storm('2', NOTIFICATIONS, 15_000));
    });
    response.on('error', () => {}).pause();
    // The server says one thing after another.
    await session.send(storm('3', 0, 0));
    const grownMib = peak() - before;
    process.stderr.write(`storm of 150 MB before a client that does not read: ${grownMib.toFixed(1)} MiB\n`);
    expect(grownMib).toBeLessThan(MAX_GROWTH_MIB);
    sent.destroy();
  });
});
