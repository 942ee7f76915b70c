import { describe, expect, it } from '@jest/globals';
import { RecordingCall, RecordingChunks, type ScriptedHttpClient } from '@omni/testing';
import type { RpcMessage } from '@omni/jsonrpc';
import fc from 'fast-check';
import { openModern } from './modern-http-connection.fixture.ts';
import { callOf } from '../connection/upstream-call.fixture.ts';
import { oneAtATime } from '../connection/connection-context.fixture.ts';

describe('ModernHttpConnection', () => {
  // guard: http/own-headers
  it('sends the headers of the revision, the configured ones and the id of the client', () => {
    const { connection, http } = openModern({
      Authorization: 'Bearer t',
      Accept: 'text/html',
      'Mcp-Method': 'x',
    });
    connection.send(
      {
        ...callOf('tools/call', '{"name":"größe"}'),
        clientId: '"c-1"',
        name: 'größe',
        paramHeaders: ['Mcp-Param-Region', 'eu'],
      },
      new RecordingCall<RpcMessage>(),
    );
    const { request, body } = http.last;
    expect(request.method).toBe('POST');
    expect(request.url).toBe('http://up.test/mcp');
    expect(request.headers).toEqual([
      ...[
        'content-type',
        'application/json',
        'accept',
        'application/json, text/event-stream',
        'mcp-protocol-version',
        '2026-07-28',
      ],
      ...[
        'Authorization',
        'Bearer t',
        'mcp-method',
        'tools/call',
        'mcp-name',
        '=?base64?Z3LDtsOfZQ==?=',
        'Mcp-Param-Region',
        'eu',
      ],
    ]);
    expect(body).toBe('{"jsonrpc":"2.0","id":"c-1","method":"tools/call","params":{"name":"größe"}}');
  });

  it('sends along what a call has of its own, and with that call alone', () => {
    const { connection, http } = openModern();
    connection.send(
      { ...callOf('tools/call', '{}'), forwardedHeaders: ['x-tenant', 'acme'] },
      new RecordingCall<RpcMessage>(),
    );
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    expect(http.exchanges.map((exchange) => exchange.headers('x-tenant'))).toEqual([['acme'], []]);
  });

  // guard: http/in-flight
  it('refuses calls beyond the limit of a stage [PROTO-R12]', async () => {
    const { connection } = openModern({}, undefined, oneAtATime());
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    const over = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), over);
    await Promise.resolve();
    expect(over.failure?.code).toBe('OMNI_OVERLOADED');
    expect(connection.inFlight).toBe(1);
  });

  // guard: answer/page-size
  it('reads no more of a web page than it quotes', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.head(200, ['content-type', 'text/html']);
    http.last.data('x'.repeat(2_000));
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
    expect(http.last.isAborted).toBe(true);
  });

  // guard: answer/utf8
  it('refuses an answer that is not UTF-8, where it would be changed', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.head(200, ['content-type', 'application/json']);
    http.last.data(
      Uint8Array.from([
        ...new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"result":{"a":"'),
        0xff,
        0x22,
        0x7d,
        0x7d,
      ]),
    );
    http.last.end();
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  // guard: http/method-header
  it('never writes a line break of a method into a header', () => {
    const { connection, http } = openModern();
    connection.send(callOf('x\r\nEvil: 1', '{}'), new RecordingCall<RpcMessage>());
    expect(http.last.headers('mcp-method')).toEqual(['=?base64?eA0KRXZpbDogMQ==?=']);
  });

  it.each([
    [200, '{"jsonrpc":"2.0","id":1,"result":{"a":1.0}}'],
    [400, '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"bad"}}'],
    [400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32020,"message":"HeaderMismatch"}}'],
    [400, '{"jsonrpc":"2.0","error":{"code":-32020,"message":"HeaderMismatch"}}'],
    [404, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"unknown"}}'],
    [500, '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal"}}'],
  ])('passes a JSON-RPC answer with status %i on', (status, body) => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.json(status, body);
    expect(call.log).toEqual([`answer ${status} ${body}`]);
    expect(connection.inFlight).toBe(0);
  });

  // guard: answer/id, excerpt/control-characters, excerpt/length
  it.each<[string, number, string, string, string, string]>([
    ['202', 202, '', '', 'OMNI_UPSTREAM_PROTOCOL', '"up" answered with HTTP status 202 and no message'],
    ['204', 204, '', '', 'OMNI_UPSTREAM_PROTOCOL', '"up" answered with HTTP status 204 and no message'],
    [
      '200 without a body',
      200,
      'application/json',
      '',
      'OMNI_UPSTREAM_PROTOCOL',
      '"up" answered with HTTP status 200 and no message',
    ],
    [
      'HTML',
      200,
      'text/html',
      '<html>\n<b>hi</b> s3cret',
      'OMNI_UPSTREAM_PROTOCOL',
      '"up" answered with something that is not JSON-RPC: <html>.<b>hi</b> ***',
    ],
    [
      'broken JSON',
      200,
      'application/json',
      '{"jsonrpc":',
      'OMNI_UPSTREAM_PROTOCOL',
      '"up" answered with something that is not JSON-RPC: {"jsonrpc":',
    ],
    [
      'another message',
      200,
      'application/json',
      '{"jsonrpc":"2.0","id":2,"result":{}}',
      'OMNI_UPSTREAM_PROTOCOL',
      '"up" answered a different request',
    ],
    [
      'another text as the id',
      200,
      'application/json',
      '{"jsonrpc":"2.0","id":"one","result":{}}',
      'OMNI_UPSTREAM_PROTOCOL',
      '"up" answered a different request',
    ],
    [
      '401',
      401,
      'application/json',
      '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}',
      'OMNI_UPSTREAM_HTTP_STATUS',
      '"up" answered with HTTP status 401: {"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}',
    ],
    ['403', 403, 'text/plain', 'no', 'OMNI_UPSTREAM_HTTP_STATUS', '"up" answered with HTTP status 403: no'],
    ['429', 429, '', '', 'OMNI_UPSTREAM_HTTP_STATUS', '"up" answered with HTTP status 429'],
    ['302', 302, '', '', 'OMNI_UPSTREAM_HTTP_STATUS', '"up" answered with HTTP status 302'],
    [
      '502',
      502,
      'text/html',
      `<h1>${'x'.repeat(600)}`,
      'OMNI_UPSTREAM_HTTP_STATUS',
      `"up" answered with HTTP status 502: <h1>${'x'.repeat(75)}~`,
    ],
    [
      '500 with other JSON',
      500,
      'application/json',
      '{"error":"x"}',
      'OMNI_UPSTREAM_HTTP_STATUS',
      '"up" answered with HTTP status 500: {"error":"x"}',
    ],
  ])('fails on %s', (_name, status, type, body, code, text) => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.respond(status, type, body, ['Retry-After', '7', 'Set-Cookie', 'secret']);
    expect(call.failure).toMatchObject({ code, message: text });
    expect(connection.inFlight).toBe(0);
  });

  it.each([
    [500, '"up" answered with HTTP status 500'],
    [200, '"up" answered with something that is not JSON-RPC'],
  ])('keeps what an answer with status %i says out of the log: it is for who called', (status, logText) => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.respond(status, 'text/plain', 'no such patient');
    expect(call.failure).toMatchObject({ message: `${logText}: no such patient`, logText });
  });

  it('tells how long a refusal asks to wait', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.respond(429, '', '', ['Retry-After', '7']);
    expect(call.failure?.data).toEqual({ status: 429, retryAfterSeconds: 7 });
  });

  it('takes an answer whose string id is written with escapes', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('tools/call', '{}'), clientId: '"\\u00e4"' }, call);
    http.last.json(200, '{"jsonrpc":"2.0","id":"ä","result":{}}');
    expect(call.log).toEqual(['answer 200 {"jsonrpc":"2.0","id":"ä","result":{}}']);
  });

  it('passes large answers on as bytes when the call allows it, and only then', () => {
    const body = `{"jsonrpc":"2.0","id":1,"result":{"text":"${'x'.repeat(9_000)}"}}`;
    for (const [allowPassthrough, expected] of [
      [true, `bytes 200 ${body}`],
      [false, `answer 200 ${body}`],
    ] as const) {
      const { connection, http } = openModern();
      const call = new RecordingCall<RpcMessage>();
      connection.send({ ...callOf('tools/call', '{}'), allowPassthrough }, call);
      http.last.head(200, ['content-type', 'application/json']);
      http.last.data(body.slice(0, 5_000));
      http.last.data(body.slice(5_000));
      http.last.end();
      expect(call.log).toEqual([expected]);
    }
  });

  // guard: answer/untouched-id
  it('does not pass large bytes on that answer something else', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send({ ...callOf('tools/call', '{}'), allowPassthrough: true }, call);
    http.last.json(200, `{"jsonrpc":"2.0","id":11,"result":{"text":"${'x'.repeat(9_000)}"}}`);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  it('passes a long answer on while it comes, its last chunk when the end is there', () => {
    const { connection, http, call, chunks } = openPassing();
    const body = `${HEAD}{"text":"${'x'.repeat(200_000)}ü"}}`;
    const bytes = new TextEncoder().encode(body);
    http.last.head(200, ['content-type', 'application/json', 'content-length', String(bytes.byteLength)]);
    http.last.data(bytes.subarray(0, 60_000));
    expect(chunks.log).toEqual([]);
    http.last.data(bytes.subarray(60_000, 120_000));
    expect(chunks.log).toEqual([`result 200 of ${bytes.byteLength} bytes`]);
    expect(chunks.text).toBe(body.slice(0, 60_000));
    http.last.data(bytes.subarray(120_000, 200_000 + HEAD.length + 10));
    http.last.data(bytes.subarray(200_000 + HEAD.length + 10));
    expect(chunks.text.length).toBeLessThan(body.length);
    expect(chunks.log).toHaveLength(1);
    expect(connection.inFlight).toBe(1);
    http.last.end();
    expect(chunks.text === body).toBe(true);
    expect(chunks.log.at(-1)).toBe('end');
    expect(call.log).toEqual([]);
    expect(connection.inFlight).toBe(0);
  });

  it('passes a long answer on as it is, however it is cut', () => {
    const sizes = fc.array(fc.integer({ min: 64, max: 90_000 }), { minLength: 1, maxLength: 6 });
    const values = fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(values, sizes, fc.boolean(), (value, cuts, isLast) => {
        const result = JSON.stringify([...value, 'ü'.repeat(50_000)]);
        const body = isLast ? `{"result":${result},"jsonrpc":"2.0","id":1}` : `${HEAD}${result}}`;
        const bytes = new TextEncoder().encode(body);
        const { http, call, chunks } = openPassing();
        http.last.head(200, ['content-type', 'application/json']);
        for (let at = 0, index = 0; at < bytes.byteLength; at += cuts[index++ % cuts.length] ?? 1)
          http.last.data(bytes.subarray(at, at + (cuts[index % cuts.length] ?? 1)));
        http.last.end();
        expect(chunks.text === body).toBe(true);
        expect(chunks.log).toHaveLength(2);
        expect(chunks.log.at(-1)).toBe('end');
        expect(call.log).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('passes a long answer whose id comes last on when all of it is there', () => {
    const { connection, http, call, chunks } = openPassing();
    const body = `{"result":"${'x'.repeat(100_000)}","jsonrpc":"2.0","id":1}`;
    http.last.head(200, ['content-type', 'application/json']);
    for (const [from, to] of [
      [0, 60_000],
      [60_000, body.length - 5],
      [body.length - 5, body.length],
    ] as const)
      http.last.data(body.slice(from, to));
    expect(chunks.log).toEqual([]);
    http.last.end();
    expect(chunks.log).toEqual([`result 200 of ${body.length} bytes`, 'end']);
    expect(chunks.text === body).toBe(true);
    expect(call.log).toEqual([]);
    expect(connection.inFlight).toBe(0);
  });

  it('gives the memory of what it has joined or read as events back, and has all of it', () => {
    const whole = openPassing();
    const body = `{"result":"${'x'.repeat(100_000)}","id":1,"jsonrpc":"2.0","more":"${'y'.repeat(200)}"}`;
    const joined = [body.slice(0, 50_000), body.slice(50_000)].map(ownBytes);
    whole.http.last.head(200, ['content-type', 'application/json']);
    for (const chunk of joined) whole.http.last.data(chunk);
    whole.http.last.end();
    expect(whole.call.log).toEqual([`answer 200 ${body}`]);
    expect(sizes(joined)).toEqual([0, body.length - 50_000]);
    const events = openPassing();
    const event = `data: {"jsonrpc":"2.0","id":1,"result":"${'x'.repeat(100_000)}"}\n\n`;
    const read = [event.slice(0, 50_000), event.slice(50_000)].map(ownBytes);
    events.http.last.stream();
    for (const chunk of read) events.http.last.data(chunk);
    expect(events.call.last?.length).toBe(100_047);
    expect(sizes(read)).toEqual([0, event.length - 50_000]);
  });

  it('quotes what it has joined and could not read', () => {
    const { http, call } = openPassing();
    http.last.head(200, ['content-type', 'application/json']);
    for (const text of ['certainly no JSON', ' '.repeat(40_000), ' '.repeat(40_000)])
      http.last.data(ownBytes(text));
    http.last.end();
    expect(call.failure?.message).toContain('certainly no JSON');
  });

  it('has short answers whole, and long ones that are something else', () => {
    const text = 'x'.repeat(100_000);
    const body = `${HEAD}"${text.slice(0, 40_000)}"}`;
    const short = openPassing();
    short.http.last.json(200, body);
    expect(short.chunks.log).toEqual([]);
    expect(short.call.log).toEqual([`bytes 200 ${body}`]);
    const { http, call, chunks } = openPassing();
    http.last.json(200, `{"jsonrpc":"2.0","id":11,"result":"${text}"}`);
    expect(chunks.log).toEqual([]);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
  });

  it.each<[string, (http: ScriptedHttpClient) => void, string, boolean]>([
    ['breaks off', (http) => http.last.fail('body'), 'OMNI_UPSTREAM_UNREACHABLE', false],
    ['ends in the middle', (http) => http.last.end(), 'OMNI_UPSTREAM_PROTOCOL', false],
    ['goes beyond its length', (http) => http.last.data('x'.repeat(200_000)), 'OMNI_UPSTREAM_PROTOCOL', true],
  ])('fails a call whose long answer %s, and never ends it', (_how, go, code, isAborted) => {
    const { connection, http, call, chunks } = openPassing(300_000);
    http.last.head(200, declaring(200_000));
    http.last.data(`${HEAD}{"text":"${'x'.repeat(70_000)}`);
    http.last.data('}} and more');
    go(http);
    expect(chunks.log).toEqual(['result 200 of 200000 bytes']);
    expect(call.failure?.code).toBe(code);
    expect(connection.inFlight).toBe(0);
    if (isAborted) expect(http.last.isAborted).toBe(true);
  });

  // guard: answer/undeclared
  it('tells a client that an answer is too long whose length was not declared, since nothing of it has gone on', () => {
    for (const rest of ['"}}', 'x'.repeat(240_000)]) {
      const { http, call, chunks } = openPassing(300_000);
      const body = `${HEAD}{"text":"${'x'.repeat(70_000)}`;
      http.last.head(200, ['content-type', 'application/json']);
      http.last.data(body);
      expect(chunks.log).toEqual([]);
      http.last.data(rest);
      if (rest.startsWith('"')) {
        http.last.end();
        expect(chunks.log).toEqual([`result 200 of ${body.length + rest.length} bytes`, 'end']);
        expect(chunks.text === body + rest).toBe(true);
      } else {
        expect(chunks.log).toEqual([]);
        expect(call.failure?.code).toBe('OMNI_UPSTREAM_TOO_LARGE');
        expect(http.last.isAborted).toBe(true);
      }
    }
  });

  it('never gives a client another length than it was told', () => {
    const body = `${HEAD}{"text":"${'x'.repeat(80_000)}"}}`;
    for (const [declared, sent] of [
      [body.length, `${body}}`],
      [body.length, body.slice(0, -1)],
      [70_000, body],
    ] as const) {
      const { http, call, chunks } = openPassing();
      http.last.head(200, ['content-type', 'application/json', 'content-length', String(declared)]);
      for (let at = 0; at < sent.length; at += 30_000) http.last.data(sent.slice(at, at + 30_000));
      http.last.end();
      expect(call.failure?.code).toBe('OMNI_UPSTREAM_PROTOCOL');
      expect(chunks.text.length).toBeLessThanOrEqual(declared);
      expect(chunks.log).not.toContain('end');
    }
  });

  it('takes white space behind a long answer, wherever it is cut', () => {
    const { http, chunks } = openPassing();
    http.last.head(200, ['content-type', 'application/json']);
    for (const chunk of [`${HEAD}{"text":"${'x'.repeat(70_000)}"}}`, '\n', ' \n']) http.last.data(chunk);
    http.last.end();
    expect(chunks.log.at(-1)).toBe('end');
  });

  // guard: answer/declared-size
  it('turns an answer away whose declared length is beyond the limit, before anything of it goes on', () => {
    const { http, call, chunks } = openPassing(300_000);
    http.last.head(200, ['content-type', 'application/json', 'content-length', '300001']);
    http.last.data(`${HEAD}{"text":"${'x'.repeat(70_000)}`);
    expect(chunks.log).toEqual([]);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_TOO_LARGE');
    expect(http.last.isAborted).toBe(true);
  });

  it('pauses a long answer for a slow reader, which is no silence, and ends it for one that leaves', () => {
    const { connection, http, call, chunks, running, clock } = openPassing();
    chunks.isFast = false;
    http.last.head(200, declaring(200_000));
    http.last.data(`${HEAD}{"text":"${'x'.repeat(70_000)}`);
    expect(http.last.isPaused).toBe(false);
    http.last.data('y'.repeat(20_000));
    expect(http.last.isPaused).toBe(true);
    clock.advance(300_000);
    call.drain();
    expect(http.last.isPaused).toBe(false);
    expect(call.failure).toBeUndefined();
    running.cancel();
    expect(http.last.isAborted).toBe(true);
    expect(connection.inFlight).toBe(0);
    expect(chunks.log).toEqual(['result 200 of 200000 bytes']);
  });

  it('does not call a server silent whose answer comes slowly', () => {
    const { http, call, clock } = openPassing();
    const body = `{"result":"slow","jsonrpc":"2.0","id":1}`;
    http.last.head(200, ['content-type', 'application/json']);
    for (const letter of body) {
      clock.advance(10_000);
      http.last.data(letter);
    }
    http.last.end();
    expect(call.log).toEqual([`answer 200 ${body}`]);
  });

  it('fails a long answer that falls silent', () => {
    const { http, call, chunks, clock } = openPassing();
    http.last.head(200, declaring(200_000));
    http.last.data(`${HEAD}{"text":"${'x'.repeat(70_000)}`);
    clock.advance(50_000);
    http.last.data('y'.repeat(1_000));
    clock.advance(50_000);
    expect(call.failure).toBeUndefined();
    clock.advance(11_000);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_TIMEOUT');
    expect(http.last.isAborted).toBe(true);
    expect(chunks.log).not.toContain('end');
  });

  // guard: answer/size
  it('cuts an answer beyond the limit, in one chunk and in a stream', () => {
    for (const type of ['application/json', 'text/event-stream']) {
      const { connection, http } = openModern({}, 1_000);
      const call = new RecordingCall<RpcMessage>();
      connection.send(callOf('tools/call', '{}'), call);
      http.last.head(200, ['content-type', type]);
      http.last.data(`data: {"a":"${'x'.repeat(600)}`);
      expect(call.log).toEqual([]);
      http.last.data('x'.repeat(600));
      expect(call.failure).toMatchObject({
        code: 'OMNI_UPSTREAM_TOO_LARGE',
        message: '"up" sent a message of more than 1000 bytes',
      });
      expect(http.last.isAborted).toBe(true);
    }
  });

  it('passes the notifications of a stream on in order, then the answer, and drops what is foreign', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.data(': keep-alive\n\n');
    http.last.event(
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}',
    );
    http.last.event('{"jsonrpc":"2.0","id":99,"result":{}}');
    http.last.event('{"jsonrpc":"2.0","id":5,"method":"sampling/createMessage","params":{}}');
    http.last.event('not json');
    http.last.event('{"jsonrpc":"2.0","id":1,"result":{"ok":true}}');
    http.last.event('{"jsonrpc":"2.0","id":1,"result":{"again":true}}');
    http.last.end();
    expect(call.log).toEqual([
      'notification {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}',
      'answer 200 {"jsonrpc":"2.0","id":1,"result":{"ok":true}}',
    ]);
    expect(connection.counters).toEqual({
      framingError: 1,
      strayAnswers: 1,
      droppedNotifications: 0,
      refusedRequests: 1,
    });
  });

  it('lets the stream end behind its answer, and cuts it when it does not', () => {
    const { connection, http, clock } = openModern();
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(http.last.isAborted).toBe(false);
    clock.advance(5_300);
    expect(http.last.isAborted).toBe(true);
    connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","id":1,"result":{}}');
    http.last.end();
    expect(clock.pendingTimers).toBe(0);
  });

  it('pauses the stream for a slow reader; the pause is no silence of the upstream', () => {
    const { connection, http, clock } = openModern();
    const call = new RecordingCall<RpcMessage>();
    call.isFast = false;
    connection.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.event('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');
    http.last.event('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');
    expect(http.last.isPaused).toBe(true);
    clock.advance(300_000);
    call.drain();
    expect(http.last.isPaused).toBe(false);
    clock.advance(59_000);
    expect(call.failure).toBeUndefined();
    clock.advance(1_300);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_TIMEOUT');
  });

  it('says that the answer broke off when the stream ends without it', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.stream();
    http.last.end();
    expect(call.failure).toMatchObject({ code: 'OMNI_UPSTREAM_UNREACHABLE', data: { phase: 'body' } });
  });

  it('closes the exchange of a cancelled call, and tells nobody', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call).cancel();
    expect(http.last.isAborted).toBe(true);
    expect(http.exchanges).toHaveLength(1);
    expect(call.log).toEqual([]);
    expect(connection.inFlight).toBe(0);
  });

  it('fails and closes the exchange of a call that takes too long, but never a subscription', () => {
    const { connection, http, clock } = openModern();
    const call = new RecordingCall<RpcMessage>();
    const listen = new RecordingCall<RpcMessage>();
    connection.send(callOf('subscriptions/listen', '{}'), listen);
    connection.send(callOf('tools/call', '{}'), call);
    clock.advance(60_300);
    expect(call.failure?.code).toBe('OMNI_UPSTREAM_TIMEOUT');
    expect(http.exchanges.map((exchange) => exchange.isAborted)).toEqual([false, true]);
    expect(listen.log).toEqual([]);
  });

  it('names the upstream and keeps the phase when the network fails', () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    http.last.fail('request');
    expect(call.failure).toMatchObject({
      code: 'OMNI_UPSTREAM_UNREACHABLE',
      message: '"up" could not be reached: the connection failed (request)',
      data: { phase: 'request' },
    });
  });

  it('is closed by the third call in a row that finds nobody, and by no fewer', async () => {
    const { connection, http, closed, clock } = openModern();
    const attempt = (outcome: (last: ScriptedHttpClient['last']) => void): void => {
      connection.send(callOf('tools/call', '{}'), new RecordingCall<RpcMessage>());
      outcome(http.last);
    };
    attempt((exchange) => exchange.fail('connect'));
    attempt((exchange) => exchange.fail('connect'));
    attempt((exchange) => exchange.result('{}'));
    attempt((exchange) => exchange.fail('connect'));
    attempt((exchange) => exchange.fail('connect'));
    expect(closed).toEqual([]);
    attempt((exchange) => exchange.fail('connect'));
    expect(closed.map((error) => error.code)).toEqual(['OMNI_UPSTREAM_UNREACHABLE']);
    const late = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), late);
    await clock.advanceAsync(0);
    expect(late.log).toEqual(['failure OMNI_UPSTREAM_UNREACHABLE']);
    expect(http.exchanges).toHaveLength(6);
  });

  it('fails what runs when it is closed', async () => {
    const { connection, http } = openModern();
    const call = new RecordingCall<RpcMessage>();
    connection.send(callOf('tools/call', '{}'), call);
    await connection.close();
    expect(call.log).toEqual(['failure OMNI_UPSTREAM_DOWN']);
    expect(http.last.isAborted).toBe(true);
  });

  it('passes parameters and results on byte for byte', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.constantFrom(undefined, 1),
        fc.boolean(),
        (params, result, indent, isStream) => {
          const { connection, http } = openModern();
          const call = new RecordingCall<RpcMessage>();
          const sent = JSON.stringify(params, null, indent);
          connection.send(callOf('tools/call', sent), call);
          expect(http.last.body).toBe(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${sent}}`);
          const answer = `{"jsonrpc":"2.0","id":1,"result":${JSON.stringify(result, null, isStream ? undefined : indent)}}`;
          if (isStream) {
            http.last.stream();
            http.last.event(answer);
          } else http.last.json(200, answer);
          expect(call.log).toEqual([`answer 200 ${answer}`]);
        },
      ),
    );
  });
});

const HEAD = '{"jsonrpc":"2.0","id":1,"result":';

/** A call under way that takes long answers while they come. */
/** The head of a JSON answer of so many bytes. */
function declaring(bytes: number): string[] {
  return ['content-type', 'application/json', 'content-length', String(bytes)];
}

function openPassing(maxUpstreamMessageBytes?: number) {
  const opened = openModern({}, maxUpstreamMessageBytes);
  const call = new RecordingCall<RpcMessage>();
  const chunks = new RecordingChunks();
  call.chunks = chunks;
  const running = opened.connection.send({ ...callOf('tools/call', '{}'), allowPassthrough: true }, call);
  return { ...opened, call, chunks, running };
}

/** As undici gives bytes: they fill a buffer of their own. */
function ownBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text).slice();
}

function sizes(chunks: readonly Uint8Array[]): number[] {
  return chunks.map(({ byteLength }) => byteLength);
}
