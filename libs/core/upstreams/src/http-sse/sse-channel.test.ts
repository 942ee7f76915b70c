import type { GatewayError, HttpClient } from '@omni/ports';
import {
  RecordingListener,
  ScriptedHttpClient,
  upstreamSpecOf,
  VirtualClock,
  type ScriptedExchange,
} from '@omni/testing';
import { messageChannelContract } from '@omni/testing/contracts';
import { describe, expect, it } from '@jest/globals';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import { InstanceHttp } from '../cookies/instance-http.ts';
import { SseChannel } from './sse-channel.ts';

const URL_OF_STREAM = 'http://up.test:81/old/sse';
const ENDPOINT = 'event: endpoint\ndata: /messages?sessionId=1\n\n';

/** A server that has named its endpoint and accepts everything. */
function connected(
  endpoint = ENDPOINT,
  answer: (post: ScriptedExchange) => void = (post) => post.respond(202, 'text/plain', 'Accepted'),
) {
  const http = new ScriptedHttpClient((exchange) => {
    if (exchange.request.method === 'POST') return answer(exchange);
    exchange.stream();
    exchange.data(endpoint);
  });
  return { http, ...open(http) };
}

function open(http: HttpClient, maxMessageBytes = 10_000) {
  const clock = new VirtualClock();
  const refused: [id: string, code: string][] = [];
  const listener = Object.assign(new RecordingListener(), {
    onRefused: (id: string, { code }: GatewayError) => void refused.push([id, code]),
  });
  const endpoints: number[] = [];
  const channel = new SseChannel(
    {
      http: new InstanceHttp(http, clock),
      url: URL_OF_STREAM,
      credentials: credentials({ Authorization: 'Bearer s', Accept: 'x' }, clock),
      maxMessageBytes,
      clock,
      onEndpoint: () => endpoints.push(1),
    },
    listener,
  );
  return { clock, listener, refused, channel, endpoints, settle: () => clock.advanceAsync(0) };
}

function credentials(headers: Readonly<Record<string, string>>, clock: VirtualClock) {
  const spec = upstreamSpecOf({ kind: 'sse', url: URL_OF_STREAM, headers });
  return credentialsOf(spec, connectionContextOf(clock));
}

const callText = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call"}`;

describe('SseChannel', () => {
  messageChannelContract(it, (listener) => {
    const clock = new VirtualClock();
    let stream: ScriptedExchange | undefined;
    const http = new ScriptedHttpClient((exchange) => {
      if (exchange.request.method === 'GET') {
        stream = exchange;
        stream.stream();
        stream.data(ENDPOINT);
      } else {
        exchange.respond(202, '', '');
        stream?.event(exchange.body);
      }
    });
    return new SseChannel(
      {
        http: new InstanceHttp(http, clock),
        url: URL_OF_STREAM,
        credentials: credentials({}, clock),
        maxMessageBytes: 10_000_000,
        clock,
      },
      listener,
    );
  });

  it('asks for the stream, and posts to the address that it names', async () => {
    const { http, channel, settle } = connected();
    channel.send(callText(1));
    expect(http.exchanges.map(({ request }) => request.method)).toEqual(['GET']);
    await settle();
    const [get, post] = http.exchanges;
    expect(get?.request.url).toBe(URL_OF_STREAM);
    expect(get?.headers('accept')).toEqual(['text/event-stream']);
    expect(get?.headers('authorization')).toEqual(['Bearer s']);
    expect(post?.request.url).toBe('http://up.test:81/messages?sessionId=1');
    expect(post?.headers('content-type')).toEqual(['application/json']);
    expect(post?.headers('authorization')).toEqual(['Bearer s']);
    expect(post?.body).toBe(callText(1));
  });

  it('posts a message with the headers of its own, and with no others', async () => {
    const { http, channel, settle } = connected();
    channel.send(callText(1), ['x-tenant', 'acme']);
    channel.send(callText(2), []);
    channel.send(callText(3));
    await settle();
    expect(
      http.of('POST').map((post) => [post.body, post.headers('x-tenant'), post.headers('authorization')]),
    ).toEqual([
      [callText(1), ['acme'], ['Bearer s']],
      [callText(2), [], ['Bearer s']],
      [callText(3), [], ['Bearer s']],
    ]);
  });

  it.each([
    ['/messages?sessionId=1', 'http://up.test:81/messages?sessionId=1'],
    ['messages?s=1', 'http://up.test:81/old/messages?s=1'],
    ['?s=1', 'http://up.test:81/old/sse?s=1'],
    ['http://up.test:81/other', 'http://up.test:81/other'],
    ['//up.test:81/other', 'http://up.test:81/other'],
  ])('resolves the address %s', async (written, url) => {
    const { http, channel, settle, endpoints } = connected(`event: endpoint\ndata: ${written}\n\n`);
    channel.send(callText(1));
    await settle();
    expect(http.last.request.url).toBe(url);
    expect(endpoints).toEqual([1]);
  });

  // guard: sse/endpoint-origin, sse/endpoint-credentials
  it.each([
    'http://evil.test/messages',
    'https://up.test:81/messages',
    'http://up.test/messages',
    '//evil.test/messages',
    'http://user:pass@up.test:81/messages',
    'javascript:alert(1)',
    'http://[',
  ])('posts nothing to %s', async (written) => {
    const { http, channel, listener, settle, endpoints } = connected(`event: endpoint\ndata: ${written}\n\n`);
    channel.send(callText(1));
    await settle();
    expect(http.of('POST')).toEqual([]);
    expect(listener.closes).toMatchObject([{ code: 'OMNI_UPSTREAM_PROTOCOL' }]);
    expect(endpoints).toEqual([]);
    expect(http.last.isAborted).toBe(true);
  });

  // guard: sse/first-endpoint
  it('stays with the first address [PROTO-R24]', async () => {
    const { http, channel, settle } = connected();
    await settle();
    http.last.data('event: endpoint\ndata: /elsewhere\n\n');
    channel.send(callText(1));
    expect(http.last.request.url).toBe('http://up.test:81/messages?sessionId=1');
  });

  it('hears messages, and nothing else', async () => {
    const { http, listener, settle } = connected();
    await settle();
    http.last.data(
      ': comment\n\nevent: message\ndata: {"a":1}\n\ndata: {"b":\ndata: 2}\n\nevent: other\ndata: {"c":3}\n\nid: 7\ndata:\n\n',
    );
    expect(listener.messages).toEqual(['{"a":1}', '{"b":\n2}']);
  });

  it('sends the next message when the one before was accepted', async () => {
    const { http, channel, settle } = connected(ENDPOINT, () => {});
    await settle();
    for (const id of [1, 2, 3]) channel.send(callText(id));
    expect(http.of('POST').length).toBe(1);
    http.last.head(202, []);
    expect(http.of('POST').length).toBe(2);
    http.last.respond(204, '', '');
    expect(http.of('POST').map((post) => post.member('id'))).toEqual([1, 2, 3]);
  });

  it('does not wait longer than a second for that', async () => {
    const { http, channel, settle, clock } = connected(ENDPOINT, () => {});
    await settle();
    channel.send(callText(1));
    channel.send(callText(2));
    clock.advance(999);
    expect(http.of('POST').length).toBe(1);
    clock.advance(1);
    expect(http.of('POST').length).toBe(2);
  });

  // guard: sse/posts-backlog
  it('takes so much and no more while the server accepts nothing', async () => {
    const { http, channel, settle } = connected(ENDPOINT, () => {});
    await settle();
    const large = `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"${'x'.repeat(16 * 1024 * 1024)}"}}`;
    expect(channel.send(large)).toBe(true);
    expect(channel.send(callText(2))).toBe(false);
    http.last.respond(202, '', '');
    expect(channel.send(callText(3))).toBe(true);
  });

  // guard: sse/posts-under-way
  it('holds a bounded number of connections of a server that answers no POST', async () => {
    const { http, channel, clock, settle } = connected(ENDPOINT, () => {});
    await settle();
    let taken = 0;
    while (channel.send(callText(taken + 1))) taken++;
    for (let second = 0; second < 300; second++) clock.advance(1_000);
    expect(taken).toBeLessThan(5_000);
    expect(http.of('POST')).toHaveLength(128);
    http.of('POST')[0]?.respond(202, '', '');
    expect(http.of('POST')).toHaveLength(129);
  });

  it('tells which request the server refuses, and goes on', async () => {
    const { http, channel, listener, refused, settle } = connected(ENDPOINT, (post) =>
      post.respond(413, 'text/plain', 'too large'),
    );
    channel.send(callText(1));
    channel.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    await settle();
    expect(refused).toEqual([['1', 'OMNI_UPSTREAM_HTTP_STATUS']]);
    expect(listener.closes).toEqual([]);
    expect(http.of('POST')).toHaveLength(2);
  });

  it.each([401, 403, 404, 410])('is closed by %i, which no message would get past', async (status) => {
    const { http, channel, listener, settle } = connected(ENDPOINT, (post) => post.respond(status, '', ''));
    channel.send(callText(1));
    await settle();
    expect(http.exchanges[0]?.isAborted).toBe(true);
    expect(channel.send(callText(2))).toBe(false);
    expect(listener.closes).toMatchObject([{ code: 'OMNI_UPSTREAM_HTTP_STATUS', data: { status } }]);
  });

  it.each(['connect', 'request'] as const)('is closed when a message does not arrive (%s)', async (phase) => {
    const { channel, listener, settle } = connected(ENDPOINT, (post) => post.fail(phase));
    channel.send(callText(1));
    await settle();
    expect(listener.closes).toMatchObject([{ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase } }]);
  });

  it('does not mind how the answer to a message ends that was accepted', async () => {
    const { channel, listener, settle } = connected(ENDPOINT, (post) => {
      post.head(202, []);
      post.fail('body');
    });
    channel.send(callText(1));
    await settle();
    expect(listener.closes).toEqual([]);
  });

  it.each<[string, (get: ScriptedExchange) => void, object | undefined]>([
    [
      'another status',
      (get) => get.respond(404, '', ''),
      { code: 'OMNI_UPSTREAM_HTTP_STATUS', data: { status: 404 } },
    ],
    ['a web page', (get) => get.respond(200, 'text/html', '<html>'), { code: 'OMNI_UPSTREAM_PROTOCOL' }],
    [
      'no connection',
      (get) => get.fail('connect'),
      { code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'connect' } },
    ],
    [
      'a stream that ends at once',
      (get) => {
        get.stream();
        get.end();
      },
      { code: 'OMNI_UPSTREAM_PROTOCOL' },
    ],
    [
      'a message that is too large',
      (get) => {
        get.stream();
        get.data(`${ENDPOINT}data: "${'x'.repeat(10_001)}"\n\n`);
      },
      { code: 'OMNI_UPSTREAM_TOO_LARGE' },
    ],
    [
      'bytes that are not UTF-8',
      (get) => {
        get.stream();
        get.data(new TextEncoder().encode('data: '));
        get.data(new Uint8Array([0xff, 0x0a, 0x0a]));
      },
      { code: 'OMNI_UPSTREAM_PROTOCOL' },
    ],
    [
      'a break',
      (get) => {
        get.stream();
        get.data(ENDPOINT);
        get.fail('body');
      },
      { code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'body' } },
    ],
    [
      'an end in good order',
      (get) => {
        get.stream();
        get.data(ENDPOINT);
        get.end();
      },
      undefined,
    ],
  ])('is closed by %s', async (_what, answer, reason) => {
    const { listener, clock } = open(new ScriptedHttpClient(answer));
    await clock.advanceAsync(0);
    expect(listener.closes).toHaveLength(1);
    if (reason === undefined) expect(listener.closes).toEqual([undefined]);
    else expect(listener.closes).toMatchObject([reason]);
    expect(clock.pendingTimers).toBe(0);
  });

  // guard: sse/silent
  it('waits ten seconds for the address', async () => {
    const { listener, clock } = open(new ScriptedHttpClient((get) => get.stream()));
    await clock.advanceAsync(9_999);
    expect(listener.closes).toEqual([]);
    await clock.advanceAsync(1);
    expect(listener.closes).toMatchObject([{ code: 'OMNI_UPSTREAM_PROTOCOL' }]);
  });

  it('ends everything when it is closed', async () => {
    const { http, channel, clock, settle } = connected(ENDPOINT, () => {});
    await settle();
    channel.send(callText(1));
    channel.send(callText(2));
    await channel.close();
    expect(http.exchanges.map(({ isAborted }) => isAborted)).toEqual([true, true]);
    expect(clock.pendingTimers).toBe(0);
  });
});
