import { isDeepStrictEqual } from 'node:util';
import { SseParser, type SseEvent, type SseProblem, type SseSink } from '@omni/upstreams';
import { createParser } from 'eventsource-parser';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { waysToCut } from './cuts.ts';
import { decoded } from './input-text.ts';

interface Parser {
  readonly lastEventId: string;
  readonly retryMs: number | undefined;
  push(chunk: Uint8Array): SseProblem | undefined;
}

type CreateParser = (sink: SseSink, maxEventChars: number) => Parser;

interface Reading {
  readonly events: readonly SseEvent[];
  readonly problem: SseProblem | undefined;
  readonly lastEventId: string;
  readonly retryMs: number | undefined;
}

const MAX_CHARS = 1_000_000;
const SMALL = 64;

/** Event streams: however they are cut the events are those of the standard. */
export function sseParser(create: CreateParser = (sink, max) => new SseParser(sink, max)): FuzzTarget {
  return {
    name: 'sse-parser',
    promise:
      'however a stream is cut its events are the same: those of the standard, read line by line, and those of eventsource-parser',
    covers: /upstreams\/src\/http\/sse-parser\.ts$/,
    seeds: [
      'event: message\nid: 1\ndata: {"a":1}\n\n',
      ':hi\r\ndata:a\r\ndata: b\r\nretry: 10\r\n\r\n',
      'id\ndata\rdata\r\rid: x\n\n',
      '\uFEFFdata: é😀\n\n',
      'data: a\n\r\n: \n',
    ],
    dictionary: [
      '\n',
      '\r\n',
      '\r',
      '\n\n',
      'data:',
      'data',
      'event: ',
      'id: ',
      'id',
      'retry: 10',
      ':',
      ' ',
      '\uFEFF',
      '\0',
      'data: a\n\n',
      '\u2028',
    ],
    isJson: false,
    maxBytes: 500,
    check(input) {
      const whole = read(create, [input], MAX_CHARS);
      for (const chunks of waysToCut(input)) {
        const cut = read(create, chunks, MAX_CHARS);
        // A problem ends the stream; what comes before it in the same chunk may be told or not.
        if (whole.problem === undefined)
          promise(isDeepStrictEqual(cut, whole), 'events are the same however the stream is cut');
        else promise(cut.problem === whole.problem, 'a problem is found however the stream is cut');
      }
      const text = decoded(input);
      promise(
        whole.problem === undefined || text === undefined || endsInside(input),
        'a stream of UTF-8 has no problem',
      );
      if (whole.problem !== undefined || text === undefined) return `problem ${whole.problem ?? 'later'}`;
      promise(isDeepStrictEqual(whole, modelOf(text)), 'events are those of the standard', () =>
        JSON.stringify([whole, modelOf(text)]),
      );
      promise(
        isDeepStrictEqual(
          whole.events.map(({ event, data }) => [event, data]),
          foreignEvents(text),
        ),
        'events are those of eventsource-parser',
        () => JSON.stringify([whole.events, foreignEvents(text)]),
      );
      const small = read(create, [input], SMALL);
      const largest = Math.max(0, ...whole.events.map(({ data }) => data.length));
      promise(
        small.problem === undefined ? largest <= SMALL : small.problem === 'too-large',
        'an event beyond the limit ends the stream',
      );
      return `${Math.min(whole.events.length, 5)} events${whole.retryMs === undefined ? '' : ', retry'}${whole.lastEventId === '' ? '' : ', id'}`;
    },
  };
}

function read(create: CreateParser, chunks: readonly Uint8Array[], maxChars: number): Reading {
  const events: SseEvent[] = [];
  const parser = create({ onEvent: (event) => void events.push(event) }, maxChars);
  let problem: SseProblem | undefined;
  for (const chunk of chunks) {
    problem = parser.push(chunk);
    if (problem !== undefined) break;
  }
  return { events, problem, lastEventId: parser.lastEventId, retryMs: parser.retryMs };
}

/** The standard, word by word, over a whole text (WHATWG HTML, 9.2.6). */
function modelOf(text: string): Reading {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  lines.pop();
  const events: SseEvent[] = [];
  let [event, id, lastEventId] = ['', '', ''];
  let data: string[] = [];
  let retryMs: number | undefined;
  for (const line of lines) {
    if (line === '') {
      lastEventId = id;
      if (data.length > 0)
        events.push({ event: event === '' ? 'message' : event, data: data.join('\n'), id });
      event = '';
      data = [];
      continue;
    }
    const [, name = '', value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(line) ?? [];
    if (name === 'event') event = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) retryMs = Number(value);
  }
  return { events, problem: undefined, lastEventId, retryMs };
}

/** As eventsource-parser reads them: `event` and `data`, for it keeps an id per event. */
function foreignEvents(text: string): readonly (readonly [event: string, data: string])[] {
  const found: (readonly [string, string])[] = [];
  const parser = createParser({ onEvent: ({ event, data }) => void found.push([event ?? 'message', data]) });
  // It waits for what follows a last CR; a LF belongs to it.
  parser.feed(text.replace(/^\uFEFF/, '').replace(/\r$/, '\r\n'));
  return found;
}

/** Whether the last character is cut: nobody knows yet whether it is one. */
function endsInside(input: Uint8Array): boolean {
  return decoded(input) === undefined;
}
