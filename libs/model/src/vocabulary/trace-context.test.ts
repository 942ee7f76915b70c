import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { traceHeadersOf, traceIdOf, withTraceContext } from './trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
const LIMITS = { maxDepth: 64, maxElements: 100 };

function message(text: string): RpcMessage {
  const parsed = parseMessage(text, LIMITS);
  if (parsed.kind === 'batch' || parsed.kind === 'rejected') throw new TypeError('a test message is not one');
  return parsed;
}

/** A request with this `params`, which came with these headers; what becomes of its `params`. */
function continued(params: string, headers: Readonly<Record<string, string>>): string {
  const frame = (inner: string): string => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${inner}}`;
  const { text } = withTraceContext(message(frame(params)), (name) => headers[name], LIMITS);
  const at = frame('').indexOf('"params":') + '"params":'.length;
  return text.slice(at, -1);
}

function headersOf(meta: string): readonly string[] {
  return traceHeadersOf(
    message(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":${meta}}}`),
  );
}

describe('traceIdOf', () => {
  it('takes the trace out of a valid traceparent', () => {
    expect(traceIdOf(`00-${TRACE}-${PARENT}-01`)).toBe(TRACE);
    expect(traceIdOf(`cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`)).toBe(TRACE);
  });

  it.each([
    ['nothing', undefined],
    ['no traceparent', 'x'],
    ['the forbidden version', `ff-${TRACE}-${PARENT}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a line break behind it', `${TRACEPARENT}\n`],
    ['a line break in what the future has', `cc-${TRACE}-${PARENT}-01-a\nb`],
    ['two of them', `${TRACEPARENT}, ${TRACEPARENT}`],
    ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['more than version 00 has', `00-${TRACE}-${PARENT}-01-x`],
    ['what is far too long', `cc-${TRACE}-${PARENT}-01-${'x'.repeat(300)}`],
  ])('takes no trace out of %s', (_what, text) => {
    expect(traceIdOf(text)).toBeUndefined();
  });
});

describe('withTraceContext', () => {
  it('puts what came in headers into the metadata, and leaves every other byte [PROTO-R16]', () => {
    expect(
      continued('{"name":"x", "n":1.0}', {
        traceparent: TRACEPARENT,
        tracestate: 'a=1,b@c=2',
        baggage: 'user=ada;p=1',
      }),
    ).toBe(
      `{"_meta":{"traceparent":"${TRACEPARENT}","tracestate":"a=1,b@c=2","baggage":"user=ada;p=1"},"name":"x", "n":1.0}`,
    );
    expect(continued('{ "_meta": { "a" : 1e400 }, "name":"x"}', { traceparent: TRACEPARENT })).toBe(
      `{ "_meta": {"traceparent":"${TRACEPARENT}", "a" : 1e400 }, "name":"x"}`,
    );
    expect(continued('{"_meta":{},"name":"x"}', { baggage: 'a=b' })).toBe(
      '{"_meta":{"baggage":"a=b"},"name":"x"}',
    );
  });

  it('gives a request without parameters what it needs for them, and leaves every other byte', () => {
    const { text, params } = withTraceContext(
      message('{ "jsonrpc":"2.0" ,"id": 1,"method":"vendor\\/x"}'),
      (name) => (name === 'baggage' ? 'a=b' : undefined),
      LIMITS,
    );
    expect(text).toBe(
      '{"params":{"_meta":{"baggage":"a=b"}}, "jsonrpc":"2.0" ,"id": 1,"method":"vendor\\/x"}',
    );
    expect(text.slice(params?.start, params?.end)).toBe('{"_meta":{"baggage":"a=b"}}');
  });

  it('hands on the same message when nothing came', () => {
    const sent = message('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}');
    expect(withTraceContext(sent, () => undefined, LIMITS)).toBe(sent);
  });

  it.each([
    ['the parent', '"traceparent":"mine"'],
    ['the state of a parent', '"tracestate":"mine=1"'],
    ['something else than text', '"traceparent":null'],
  ])('leaves what the client has set itself: %s', (_what, own) => {
    const params = `{"_meta":{${own}},"name":"x"}`;
    expect(continued(params, { traceparent: TRACEPARENT, tracestate: 'a=1' })).toBe(params);
    expect(continued(params, { traceparent: TRACEPARENT, baggage: 'a=b' })).toBe(
      `{"_meta":{"baggage":"a=b",${own}},"name":"x"}`,
    );
  });

  it.each([
    ['a state without a parent', { tracestate: 'a=1' }],
    ['an invalid parent', { traceparent: `00-${TRACE}-${PARENT}` }],
    ['two parents', { traceparent: `${TRACEPARENT}, ${TRACEPARENT}` }],
    ['a baggage without a value', { baggage: 'a' }],
    ['an empty baggage', { baggage: '' }],
    ['a baggage of more than 8192 characters', { baggage: `a=${'b'.repeat(8_191)}` }],
    ['a baggage with characters beyond ASCII', { baggage: 'a=\u00e9' }],
    ['a baggage with a line break', { baggage: 'a=b\n' }],
    ['a baggage of too many members', { baggage: Array.from({ length: 181 }, () => 'a=b').join(',') }],
  ])('leaves out %s', (_what, headers) => {
    expect(continued('{"name":"x"}', headers)).toBe('{"name":"x"}');
  });

  it.each([
    ['of more than 512 characters', `a=${'b'.repeat(511)}`],
    ['with a key in upper case', 'A=1'],
    ['with an empty value', 'a='],
    ['of 33 members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
    ['with a tab inside a value', 'a=1\t2'],
  ])('passes the parent on without a state %s', (_what, tracestate) => {
    expect(continued('{"name":"x"}', { traceparent: TRACEPARENT, tracestate })).toBe(
      `{"_meta":{"traceparent":"${TRACEPARENT}"},"name":"x"}`,
    );
  });

  it('takes blanks and empty members of a state as the standard has them', () => {
    const tracestate = 'a=1 ,\t, b=2,';
    expect(continued('{}', { traceparent: TRACEPARENT, tracestate })).toContain(JSON.stringify(tracestate));
  });

  it('leaves alone what has no place for it, and a message at its limits', () => {
    const headers: Readonly<Record<string, string>> = { traceparent: TRACEPARENT };
    for (const text of [
      '{"jsonrpc":"2.0","method":"notifications/x","params":{}}',
      '{"jsonrpc":"2.0","method":"notifications/x"}',
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":7}}',
      `{"jsonrpc":"2.0","id":1,"method":"x","params":{"list":[${Array.from({ length: 93 }, () => 1).join(',')}]}}`,
    ])
      expect(withTraceContext(message(text), (name) => headers[name], LIMITS).text).toBe(text);
  });

  it('takes no longer for blanks without end', () => {
    const begin = performance.now();
    for (let round = 0; round < 20; round++)
      continued('{}', { baggage: `a=${' '.repeat(8_000)}\u0000`, traceparent: ' '.repeat(8_000) });
    for (let round = 0; round < 20; round++) continued('{}', { baggage: `a${' '.repeat(8_000)}b` });
    expect(performance.now() - begin).toBeLessThan(100);
  });
});

describe('traceHeadersOf', () => {
  it('gives the trace context of a request as headers', () => {
    expect(headersOf(`{"traceparent":"${TRACEPARENT}","tracestate":"a=1","baggage":"a=b"}`)).toEqual([
      'traceparent',
      TRACEPARENT,
      'tracestate',
      'a=1',
      'baggage',
      'a=b',
    ]);
  });

  it.each([
    ['a line break', `{"traceparent":"${TRACEPARENT}\\r\\nX-Evil: 1","baggage":"a=b\\r\\nX-Evil: 1"}`],
    ['numbers', '{"traceparent":1,"tracestate":2,"baggage":3}'],
    ['a state without a parent', '{"tracestate":"a=1"}'],
    ['nothing', '{}'],
  ])('gives no headers for %s', (_what, meta) => {
    expect(headersOf(meta)).toEqual([]);
  });
});
