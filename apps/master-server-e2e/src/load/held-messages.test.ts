import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { atEnd, endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { errorOf, post, postModern, type RawAnswer } from '../harness/raw-mcp.ts';
import { startOmni, type Omni } from '../harness/start-omni.ts';
import { scriptedEntry } from '../harness/upstream-entries.ts';
import { startPersistentUpstream } from '../transports/persistent-upstream.ts';
import { startLoadUpstream } from './load-upstream.ts';

const BODY_BYTES = 700_000;

let omni: Omni;

beforeAll(async () => {
  const upstream = await startLoadUpstream();
  const persistent = await Promise.all(
    (['tcp', 'ws'] as const).map((kind) => startPersistentUpstream(kind, ['--era', 'modern'], '')),
  );
  omni = await startOmni({
    mcpServers: {
      load: { type: 'http', url: upstream.url },
      stdio: scriptedEntry(['--era', 'modern']),
      tcp: { url: persistent[0]?.url },
      ws: { url: persistent[1]?.url },
    },
    limits: { maxUnfinishedBytes: 1_048_576 },
  });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

/** Sends a request but for its last byte. */
function sendNearly(bytes: number): Socket {
  const { host, hostname, port } = new URL(omni.origin);
  const socket = connect(Number(port), hostname);
  atEnd(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write(
    `POST /mcp HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: ${bytes + 1}\r\n\r\n`,
  );
  socket.write(' '.repeat(bytes));
  return socket;
}

async function echo(padding: number): Promise<RawAnswer> {
  const params = `"name":"load__echo","arguments":{"padding":"${'x'.repeat(padding)}"}`;
  return await postModern(omni.url, { id: '1', method: 'tools/call', name: 'load__echo', params });
}

describe('requests that arrive slowly', () => {
  it('take no more together than they may: a further one is told when to come again, and small ones are served', async () => {
    const slow = sendNearly(BODY_BYTES);
    const refused = await eventually('the room is taken', async () => {
      const answer = await post(omni.url, ' '.repeat(BODY_BYTES));
      return answer.status === 503 && answer;
    });
    expect(errorOf(refused.messages[0])?.omni).toBe('OMNI_OVERLOADED');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await echo(1_000)).status).toBe(200);
    slow.destroy();
    await eventually('there is room again', async () => (await echo(BODY_BYTES)).status === 200);
  });
});

describe('an answer for which there is no room', () => {
  it.each(['stdio', 'tcp', 'ws'])(
    'over %s fails its call, and a shorter one after it comes',
    async (server) => {
      const mirror = async (padding: number): Promise<RawAnswer> => {
        const name = `${server}__mirror`;
        const params = `"name":"${name}","arguments":{"padding":"${'x'.repeat(padding)}"}`;
        return await postModern(omni.url, { id: '1', method: 'tools/call', name, params });
      };
      // It comes back twice, so that there is room for the request.
      expect(errorOf((await mirror(BODY_BYTES)).messages[0])?.cause).toBe('OMNI_MEMORY_FULL');
      await eventually('it serves again', async () => {
        const [message = ''] = (await mirror(BODY_BYTES / 2)).messages;
        return message.length > BODY_BYTES && errorOf(message) === undefined;
      });
    },
  );
});
