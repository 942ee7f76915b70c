import { internalCall } from '@omni/model';
import { RecordingCall, ScriptedHttpClient } from '@omni/testing';
import { SseParser } from '@omni/upstreams';
import { modernConnection } from '../../fuzz/targets/modern-connection.ts';
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
      const limits = { maxUpstreamMessageBytes: MAX_BYTES };
      const connection = modernConnection({ http, budget: budget.of('up'), limits });
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
