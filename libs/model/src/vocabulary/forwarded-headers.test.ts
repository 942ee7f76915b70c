import { describe, expect, it } from '@jest/globals';
import { forwardableHeaders, forwardedHeadersOf } from './forwarded-headers.ts';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function requestWith(meta: string): RpcMessage {
  const message = parseMessage(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{${meta}}}}`,
    {
      maxDepth: 64,
      maxElements: 100,
    },
  );
  if (message.kind !== 'request') throw new TypeError('a test message is not one');
  return message;
}

/** What becomes of one header of a client. */
function forwarded(value: string): readonly string[] {
  return forwardableHeaders(['x-tenant'], (name) => (name === 'x-tenant' ? value : undefined));
}

describe('forwardableHeaders', () => {
  it('takes the named headers that are there, and no others', () => {
    const sent: Readonly<Record<string, string>> = {
      authorization: 'Bearer s',
      'x-tenant': 'acme',
      'x-other': '1',
      'x-region': 'eu, us',
    };
    expect(forwardableHeaders(['x-region', 'x-absent', 'x-tenant'], (name) => sent[name])).toEqual([
      'x-region',
      'eu, us',
      'x-tenant',
      'acme',
    ]);
  });

  it.each([
    ['an empty one', ''],
    ['one of 4096 characters', 'x'.repeat(4_096)],
    ['one with a tab', 'a\tb'],
    ['one with bytes beyond ASCII', 'caf\u00c3\u00a9'],
  ])('takes %s', (_what, value) => {
    expect(forwarded(value)).toEqual(['x-tenant', value]);
  });

  it.each([
    ['a longer one', 'x'.repeat(4_097)],
    ['one with a line break', 'a\r\nx-evil: 1'],
    ['one with a NUL character', 'a\u0000'],
    ['one with a DEL character', 'a\u007f'],
    ['one with characters that are no bytes', 'a\u0100'],
  ])('leaves out %s', (_what, value) => {
    expect(forwarded(value)).toEqual([]);
  });
});

describe('forwardedHeadersOf', () => {
  const sent = ['x-region', 'eu', 'x-tenant', 'acme'];

  it('adds to the trace context what this server is told', () => {
    expect(
      forwardedHeadersOf(requestWith(`"traceparent":"${TRACEPARENT}"`), sent, ['x-tenant', 'x-absent']),
    ).toEqual(['traceparent', TRACEPARENT, 'x-tenant', 'acme']);
  });

  it.each([
    ['a server that is told nothing', sent, undefined],
    ['a server that is told none of them', sent, ['x-absent']],
    ['a client without headers', undefined, ['x-tenant']],
  ])('passes none to %s', (_what, headers, names) => {
    expect(forwardedHeadersOf(requestWith(''), headers, names)).toEqual([]);
  });
});
