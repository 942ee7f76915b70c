import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SmallBudget } from '@omni/testing';
import { SseParser, type SseEvent, type SseProblem } from './sse-parser.ts';

describe('SseParser', () => {
  it.each<[string, string, SseEvent[]]>([
    ['one event', 'data: a\n\n', [event('a')]],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', [event('a'), event('b')]],
    ['CR', 'data: a\r\rdata: b\r\r', [event('a'), event('b')]],
    ['a mix of line ends', 'data: a\r\n\ndata: b\n\r', [event('a'), event('b')]],
    ['several data lines', 'data: a\ndata:\ndata: b\n\n', [event('a\n\nb')]],
    ['no space behind the colon', 'data:a\n\n', [event('a')]],
    ['two spaces behind the colon', 'data:  a\n\n', [event(' a')]],
    ['a colon in the value', 'data: a:b\n\n', [event('a:b')]],
    ['a byte order mark', '\ufeffdata: a\n\n', [event('a')]],
    ['comments', ': keep-alive\n\n:\ndata: a\n: x\n\n', [event('a')]],
    ['an event type', 'event: ping\ndata: a\n\ndata: b\n\n', [event('a', '', 'ping'), event('b')]],
    [
      'ids, which stay',
      'id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n',
      [event('a', '7'), event('b', '7'), event('c')],
    ],
    [
      'an id with NUL, which is ignored',
      'id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n',
      [event('a', '7'), event('b', '7')],
    ],
    ['empty data', 'id: p\ndata\n\n', [event('', 'p')]],
    ['no data', 'event: x\nid: 9\n\n', []],
    ['unknown fields', 'foo: bar\ndata: a\nfoo\n\n', [event('a')]],
    ['an event without its end', 'data: a\n\ndata: b\n', [event('a')]],
    ['characters of every length', 'data: aß€😀\n\n', [event('aß€😀')]],
    [
      'line separators of other standards',
      'data: a\u2028b\u0085c\u000b\n\n',
      [event('a\u2028b\u0085c\u000b')],
    ],
  ])('reads %s', (_name, text, events) => {
    expect(parse([new TextEncoder().encode(text)]).events).toEqual(events);
  });

  it('knows the id and the pause to reconnect with, also of events without data', () => {
    const parser = new SseParser({ onEvent() {} }, 1_000);
    parser.push(new TextEncoder().encode('id: 4\nretry: 250\n\nretry: soon\nretry: -1\nid: 5\n'));
    expect(parser.lastEventId).toBe('4');
    expect(parser.retryMs).toBe(250);
  });

  it('ignores ids and types of events that are longer than anybody sends back or knows', () => {
    const long = 'x'.repeat(5_000);
    expect(
      parse([new TextEncoder().encode(`id: 4\nid: ${long}\nevent: ${long}\ndata: a\n\n`)], 9_000),
    ).toEqual({
      events: [event('a', '4')],
      problem: undefined,
    });
  });

  // guard: sse/utf8
  it('refuses bytes that are not UTF-8, where the standard would change them', () => {
    expect(parse([Uint8Array.of(0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a)])).toEqual({
      events: [],
      problem: 'not-utf8',
    });
  });

  // guard: sse/line-size
  it.each([
    ['in one line', 'data: aaaaaaaaaaaaaaaaaaaaaaa'],
    ['in several lines', 'data: aaaaaaaa\ndata: aaaaaaaa\ndata: aaaaaaaa\n'],
    ['in a comment', `:${'a'.repeat(30)}`],
  ])('refuses an event beyond the limit %s', (_name, text) => {
    expect(parse([new TextEncoder().encode(text)], 20).problem).toBe('too-large');
    expect(parse([new TextEncoder().encode(text)], 40).problem).toBeUndefined();
  });

  // guard: sse/event-size
  it('refuses an event that grows beyond the limit in one chunk with its end', () => {
    expect(parse([new TextEncoder().encode(`${'data: aaaaaaaa\n'.repeat(3)}\n`)], 20)).toEqual({
      events: [],
      problem: 'too-large',
    });
  });

  it('gives the same events wherever the bytes are cut', () => {
    const part = fc.constantFrom(
      'data:',
      'data: x',
      'id: 1',
      'event: e',
      ': c',
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      'ß€😀',
      ' ',
      ':',
      '\ufeff',
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 30 }),
        fc.array(fc.nat({ max: 200 }), { maxLength: 8 }),
        (texts, cuts) => {
          const bytes = new TextEncoder().encode(texts.join(''));
          const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
            (a, b) => a - b,
          );
          const chunks = at.slice(1).map((end, index) => bytes.slice(at[index], end));
          const whole = parse([bytes]);
          expect(parse(chunks)).toEqual(whole);
          expect(parse([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
        },
      ),
      { numRuns: 300 },
    );
  });

  // guard: sse/room
  it('stops at an event for which others leave no room, and takes one of that length when they have let go', () => {
    const budget = new SmallBudget(100_000);
    const other = budget.share();
    other.hold(60_000);
    const events: SseEvent[] = [];
    const push = (text: string): SseProblem | undefined => {
      const parser = new SseParser({ onEvent: (parsed) => events.push(parsed) }, 1_000_000, budget);
      let problem: SseProblem | undefined;
      for (let at = 0; at < text.length; at += 7)
        problem ??= parser.push(new TextEncoder().encode(text.slice(at, at + 7)));
      parser.close();
      return problem;
    };
    const text = `data: ${'x'.repeat(50_000)}\n\n`;
    expect(push(text)).toBe('no-room');
    expect(events).toEqual([]);
    expect(budget.held).toBe(60_000);
    other.release();
    expect(push(text + text)).toBeUndefined();
    expect(events).toHaveLength(2);
    expect(budget.held).toBe(0);
  });

  it('holds nothing when it is closed by whoever is told an event', () => {
    const budget = new SmallBudget(100);
    const parser: SseParser = new SseParser({ onEvent: () => parser.close() }, 1_000, budget);
    expect(parser.push(new TextEncoder().encode('data: 1\n\ndata: half'))).toBeUndefined();
    expect(budget.held).toBe(0);
  });
});

function event(data: string, id = '', type = 'message'): SseEvent {
  return { event: type, data, id };
}

function parse(
  chunks: readonly Uint8Array[],
  maxChars = 1_000,
): { events: SseEvent[]; problem: SseProblem | undefined } {
  const events: SseEvent[] = [];
  const parser = new SseParser({ onEvent: (parsed) => events.push(parsed) }, maxChars);
  for (const chunk of chunks) {
    const problem = parser.push(chunk);
    if (problem !== undefined) return { events, problem };
  }
  return { events, problem: undefined };
}
