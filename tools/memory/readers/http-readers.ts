import { parseMessage } from '@omni/jsonrpc';
import { internalCall, NO_DIALECTS } from '@omni/model';
import { configuredCredentials, type CountedByteBudget, silentLogger } from '@omni/ports';
import { RecordingCall, ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import {
  CallChains,
  type ConnectionContext,
  Deadlines,
  DEFAULT_UPSTREAM_LIMITS,
  EraMemory,
  InstanceHttp,
  ModernHttpConnection,
  SseParser,
  UpstreamCredentials,
} from '@omni/upstreams';
import { buffersOf, type ReaderUnderTest } from '../reader-under-test.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** What HTTP servers answer: JSON bodies and events, and the stream of HTTP+SSE. */
export const HTTP_READERS: readonly ReaderUnderTest[] = [
  answer('a JSON answer', 'application/json', '{"result":"', 'x'),
  answer(
    'a JSON answer that may go on while it comes',
    'application/json',
    '{"jsonrpc":"2.0","id":1,"result":"',
    'x',
    true,
  ),
  answer('an event with one line', 'text/event-stream', 'data: ', 'x'),
  answer('an event of empty lines', 'text/event-stream', '', 'data\n'),
  answer('an event of short lines', 'text/event-stream', '', 'data: ab\n'),
  answer(
    'an event between comments',
    'text/event-stream',
    '',
    `:${'c'.repeat(65_000)}\ndata: aaaaaaaaaaaaaaaaaaaa\n`,
  ),
  answer(
    'an event of other fields',
    'text/event-stream',
    '',
    `id: ${'i'.repeat(4_000)}\nevent: ${'e'.repeat(4_000)}\n`,
  ),
  {
    name: 'the stream of HTTP+SSE',
    feed(cut, budget) {
      const parser = new SseParser({ onEvent() {} }, MAX_BYTES, budget.of('up'));
      for (const buffer of buffersOf(cut, 'data: abc\r\n')) parser.push(buffer);
      return parser;
    },
  },
];

function answer(
  name: string,
  type: string,
  head: string,
  text: string,
  allowPassthrough = false,
): ReaderUnderTest {
  return {
    name,
    feed(cut, budget) {
      const http = new ScriptedHttpClient();
      const connection = connectionTo(http, budget);
      const call = connection.send(
        { ...internalCall('tools/call', '{}'), clientId: '1', allowPassthrough },
        new RecordingCall(),
      );
      http.last.head(200, ['content-type', type]);
      if (head !== '') http.last.data(head);
      for (const buffer of buffersOf(cut, text)) http.last.data(buffer);
      return { connection, call, http };
    },
  };
}

function connectionTo(http: ScriptedHttpClient, budget: CountedByteBudget): ModernHttpConnection {
  const url = 'http://up.test/mcp';
  const clock = new VirtualClock();
  const spec = upstreamSpecOf({ kind: 'http', url, headers: {} });
  const context: ConnectionContext = {
    clock,
    logger: silentLogger,
    identity: { name: 'omni', version: '1' },
    limits: { ...DEFAULT_UPSTREAM_LIMITS, maxUpstreamMessageBytes: MAX_BYTES },
    budget: budget.of('up'),
    deadlines: new Deadlines(clock),
    eras: new EraMemory(),
    chains: new CallChains(),
    dialects: NO_DIALECTS,
    random: () => 0,
    credentials: configuredCredentials,
    launcher: undefined,
    dialer: undefined,
    http,
  };
  const handshake = parseMessage('{"jsonrpc":"2.0","id":1,"result":{}}', { maxDepth: 8, maxElements: 8 });
  if (handshake.kind !== 'response') throw new RangeError('The handshake is no response');
  return new ModernHttpConnection({
    spec,
    context,
    credentials: new UpstreamCredentials({ ...context, spec }),
    events: { onClosed() {}, onListsChanged() {}, onResourceUpdated: () => false, onReinitialized() {} },
    binding: undefined,
    onReport() {},
    http: new InstanceHttp(http, clock),
    url,
    handshake,
  });
}
