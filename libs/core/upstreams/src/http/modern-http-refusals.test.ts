import { describe, expect, it } from '@jest/globals';
import { RecordingCall, type ScriptedExchange } from '@omni/testing';
import type { RpcMessage } from '@omni/jsonrpc';
import { openModern } from './modern-http-connection.fixture.ts';
import { callOf } from '../connection/upstream-call.fixture.ts';

describe('ModernHttpConnection', () => {
  it.each<[string, (exchange: ScriptedExchange) => void]>([
    ['a text', (exchange) => exchange.respond(400, 'text/plain', 'No valid session ID provided')],
    ['a page', (exchange) => exchange.respond(405, 'text/html', '<html>')],
    [
      'an error of the legacy era',
      (exchange) =>
        exchange.json(400, '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no session"}}'),
    ],
    [
      'an error that names nothing',
      (exchange) =>
        exchange.json(400, '{"jsonrpc":"2.0","id":"server-error","error":{"code":-32600,"message":""}}'),
    ],
  ])(
    'asks for the era when %s contradicts it, and is closed when it was another server that answered [PROTO-R09]',
    (_how, refuse) => {
      const { connection, http, closed } = openModern();
      const call = new RecordingCall<RpcMessage>();
      connection.send(callOf('tools/call', '{}'), call);
      refuse(http.last);
      expect(call.log).toHaveLength(1);
      expect(http.last.member('method')).toBe('server/discover');
      expect(closed).toEqual([]);
      refuse(http.last);
      expect(closed).toMatchObject([{ code: 'OMNI_UPSTREAM_ERA' }]);
    },
  );

  // guard: http/era-questions
  it('asks for the era no more than every ten seconds, and goes on when that stands', () => {
    const { connection, http, clock, closed } = openModern();
    const refused = (): void => {
      const before = http.exchanges.length;
      connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
      http.exchanges[before]?.respond(400, '', '');
    };
    refused();
    http.last.result('{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}');
    clock.advance(9_999);
    refused();
    expect(http.of('server/discover')).toHaveLength(1);
    clock.advance(1);
    refused();
    expect(http.of('server/discover')).toHaveLength(2);
    expect(closed).toEqual([]);
    for (const end of ['503', 'break']) {
      if (end === '503') http.last.respond(503, '', '');
      else http.last.fail('body');
      clock.advance(10_000);
      refused();
    }
    expect(closed).toEqual([]);
  });

  it.each([
    ['//other.test/mcp/', '//other.test/mcp/'],
    ['https://up.test/mcp/?token=abc#x', 'https://up.test/mcp/'],
    ['https://up.test/s3cret/mcp', 'https://up.test/***/mcp'],
    ['https://user:pw@up.test/mcp', 'an address with credentials'],
  ])('follows no redirection to %s, and says where it leads', (location, shown) => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.respond(307, 'text/html', '<html>', ['Location', location]);
    expect(call.failure?.message).toBe(`"up" answered with HTTP status 307, which leads to ${shown}`);
    expect(call.failure?.data).toEqual({ status: 307 });
    expect(http.exchanges).toHaveLength(1);
  });

  it('takes no message of an event that has another name', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.data('event: ping\ndata: {"jsonrpc":"2.0","id":1,"result":{"a":1}}\n\n');
    http.last.data('event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{"a":2}}\n\n');
    expect(call.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":1,"result":{"a":2}}']);
    expect(connection.counters.framingError).toBe(0);
  });
});
