import { GatewayError } from '@omni/ports';
import { RecordingChunks } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { clientOf, FakeSession, messageOf, requestOf, RouterFixture } from '../router.fixture.ts';

const CALL = requestOf('tools/call', '{"name":"files__read"}', '"c-1"');
const WATCHED_CALL = requestOf('tools/call', '{"name":"files__read","_meta":{"progressToken":"t"}}', '"c-1"');
const READ = requestOf('resources/read', '{"uri":"file:///a"}');
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}';
const QUESTION = '{"jsonrpc":"2.0","id":9,"method":"roots/list"}';

function log(level: string): string {
  return `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"${level}"}}`;
}

/** The same as a client hears it that is connected to several servers. */
function heardLog(level: string): string {
  return log(level).replace('"params":{', '"params":{"logger":"files",');
}

describe('CallExecution', () => {
  it('gives the answer the id of the client and changes nothing else', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { reply } = fixture.route(CALL, clientOf('modern'));
    connection.last.listener.onAnswer({
      kind: 'message',
      message: messageOf(
        '{ "result" : {"n":1.0e2,"deep":{"a":1,"a":2}}, "x":[ ], "id" : 4711 ,"jsonrpc":"2.0"}',
      ),
      status: 200,
    });
    expect(reply.text).toBe(
      '{ "result" : {"n":1.0e2,"deep":{"a":1,"a":2}}, "x":[ ], "id" : "c-1" ,"jsonrpc":"2.0"}',
    );
  });

  it.each(['modern', 'legacy'] as const)('passes bytes on untouched within the %s era', (era) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', era);
    const { reply } = fixture.route(CALL, clientOf(era));
    connection.last.bytes('any\r\nbytes');
    expect(connection.last.call.allowPassthrough).toBe(true);
    expect(reply.text).toBe('any\r\nbytes');
    expect(reply.status).toBe(200);
  });

  it('lets a long answer go on while it comes where the client takes it so, and learns its connections', () => {
    for (const [server, endpoint, remembered] of [
      ['files', undefined, ['files file:///x']],
      ['files', 'files', []],
    ] as const) {
      const fixture = new RouterFixture();
      const connection = fixture.connection(server, 'modern');
      const chunks = new RecordingChunks();
      const name = endpoint === undefined ? 'files__read' : 'read';
      const { reply } = fixture.route(
        requestOf('tools/call', `{"name":"${name}"}`),
        clientOf('modern', endpoint),
        undefined,
        chunks,
      );
      const taken = connection.last.listener.chunks;
      taken?.onResponseHead({ status: 200, length: undefined, isError: false, isKept: false });
      taken?.onChunk(new TextEncoder().encode('{"content":[{"type":"resource_link","uri":"file:///x"}]}'));
      taken?.onResponseEnd();
      expect(chunks.log.at(-1)).toBe('end');
      expect(reply.answers).toEqual([]);
      expect(fixture.views.remembered).toEqual(remembered);
    }
  });

  it('ends a long answer that breaks off with the failure, and cancels one that nobody wants any more', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const chunks = new RecordingChunks();
    const broken = fixture.route(CALL, clientOf('modern'), undefined, chunks);
    connection.last.listener.chunks?.onResponseHead({
      status: 200,
      length: undefined,
      isError: false,
      isKept: false,
    });
    connection.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'broke off'), 'sent');
    expect(broken.reply.text).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(chunks.log).not.toContain('end');
    const unwanted = fixture.route(CALL, clientOf('modern'), undefined, chunks);
    connection.last.listener.chunks?.onResponseHead({
      status: 200,
      length: undefined,
      isError: false,
      isKept: false,
    });
    unwanted.running.cancel('gone');
    expect(connection.last.cancels).toEqual(['gone']);
  });

  it('has answers whole for a client that wants them so', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.route(CALL, clientOf('modern'));
    expect(connection.last.listener.chunks).toBeUndefined();
  });

  it('wants to read answers that it has to translate', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const { reply } = fixture.route(CALL, clientOf('modern'));
    connection.last.bytes('{}');
    expect(connection.last.call.allowPassthrough).toBe(false);
    expect(reply.text).toBe('OMNI_INTERNAL');
  });

  it.each([
    ['a result', '"result":{}', 200, 200],
    ['no such method', '"error":{"code":-32601,"message":""}', 200, 404],
    ['an invalid request', '"error":{"code":-32600,"message":""}', 200, 400],
    ['invalid JSON', '"error":{"code":-32700,"message":""}', 200, 400],
    ['differing headers', '"error":{"code":-32020,"message":""}', 200, 400],
    ['a missing capability', '"error":{"code":-32021,"message":""}', 200, 400],
    ['an unknown version', '"error":{"code":-32022,"message":""}', 200, 400],
    ['unknown parameters of a handler', '"error":{"code":-32602,"message":""}', 200, 200],
    ['an error of its own', '"error":{"code":7,"message":""}', 200, 200],
    ['unknown parameters of an envelope', '"error":{"code":-32602,"message":""}', 400, 400],
    ['a failure', '"error":{"code":-32603,"message":""}', 500, 500],
  ])('gives %s its status', (_what, members, received, sent) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { reply } = fixture.route(CALL, clientOf('modern'));
    connection.last.answer(members, received);
    expect(reply.status).toBe(sent);
  });

  it('takes the status of a legacy answer from its code, not from its transport', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const { reply } = fixture.route(CALL, clientOf('modern'));
    connection.last.answer('"error":{"code":-32602,"message":""}', 400);
    expect(reply.status).toBe(200);
  });

  // guard: route/behind-answer
  it('passes notifications on before the answer, and none behind it', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { reply } = fixture.route(WATCHED_CALL, clientOf('modern'));
    connection.last.notify(PROGRESS);
    connection.last.answer('"result":{}');
    expect(connection.last.notify(PROGRESS)).toBe(true);
    connection.last.answer('"result":{"late":true}');
    connection.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'late'), 'sent');
    expect(reply.notifications).toEqual([PROGRESS]);
    expect(reply.answers).toHaveLength(1);
  });

  // guard: call/relayed
  it.each(['modern', 'legacy'] as const)(
    'passes on nothing that a %s server says of the calls of others',
    (era) => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', era);
      const { reply } = fixture.route(WATCHED_CALL, clientOf(era));
      const others = [
        PROGRESS.replace('"t"', '"u"'),
        '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"omni-1"}}',
      ];
      expect(others.map((text) => connection.last.notify(text))).toEqual([true, true]);
      expect(reply.notifications).toEqual([]);
    },
  );

  it('hands backpressure on in both directions', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { reply } = fixture.route(WATCHED_CALL, clientOf('modern'));
    const heard: string[] = [];
    expect(connection.last.notify(PROGRESS)).toBe(true);
    reply.isFast = false;
    expect(connection.last.notify(PROGRESS)).toBe(false);
    connection.last.listener.onDrain(() => heard.push('drained'));
    expect(heard).toEqual([]);
    reply.drain();
    expect(heard).toEqual(['drained']);
  });

  it('tells the upstream once that the client does not want the answer', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { reply, running } = fixture.route(CALL, clientOf('modern'));
    running.cancel('changed my mind');
    running.cancel('again');
    connection.last.answer('"result":{}');
    connection.last.notify(PROGRESS);
    expect(connection.last.cancels).toEqual(['changed my mind']);
    expect(reply.answers).toEqual([]);
    expect(reply.notifications).toEqual([]);
  });

  it('sends nothing when it is cancelled before the connection stands', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.upstreams.isSlow = true;
    const { reply, running } = fixture.route(CALL, clientOf('modern'));
    running.cancel();
    expect(fixture.upstreams.withdrawn).toBe(1);
    for (const open of fixture.upstreams.opening) open();
    expect(connection.sent).toEqual([]);
    expect(reply.answers).toEqual([]);
  });

  it('cancels nothing after the answer', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { running } = fixture.route(CALL, clientOf('modern'));
    connection.last.answer('"result":{}');
    running.cancel();
    expect(connection.last.cancels).toEqual([]);
  });

  it('tells the client why there is no connection, or no answer', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const dead = fixture.route(requestOf('tools/call', '{"name":"mail__send"}'), clientOf('modern'));
    const broken = fixture.route(CALL, clientOf('modern'));
    connection.last.listener.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'crashed'), 'sent');
    expect(dead.reply.text).toBe('OMNI_UPSTREAM_DOWN');
    expect(broken.reply.text).toBe('OMNI_UPSTREAM_EXITED');
  });

  it('asks legacy clients during their call, with the name of the server', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const { reply } = fixture.route(CALL, clientOf('legacy'));
    const answers: unknown[] = [];
    connection.last.listener.onServerRequest(messageOf(QUESTION), (answer) => answers.push(answer));
    expect(reply.serverRequests).toMatchObject([['files', QUESTION]]);
    expect(answers).toMatchObject([{ id: '"omni-1"' }]);
  });

  // guard: route/question-after-cancel
  it.each(['a modern client', 'a client that has cancelled'])('does not ask %s', (who) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    const { reply, running } = fixture.route(CALL, clientOf(who === 'a modern client' ? 'modern' : 'legacy'));
    if (who !== 'a modern client') running.cancel();
    const answers: unknown[] = [];
    connection.last.listener.onServerRequest(messageOf(QUESTION), (answer) => answers.push(answer));
    expect(reply.serverRequests).toEqual([]);
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }]);
  });

  it.each([
    [undefined, []],
    ['"info"', ['info', 'error']],
    ['"error"', ['error']],
    ['"loud"', []],
    ['5', []],
  ])(
    'gives a modern client of a legacy server the log messages that it asked for with %s',
    (wanted, heard) => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'legacy');
      const meta = wanted === undefined ? '' : `"io.modelcontextprotocol/logLevel":${wanted}`;
      const { reply } = fixture.route(
        requestOf('tools/call', `{"name":"files__read","_meta":{${meta}}}`),
        clientOf('modern'),
      );
      for (const level of ['debug', 'info', 'error', 'odd'])
        expect(connection.last.notify(log(level))).toBe(true);
      expect(reply.notifications).toEqual(heard.map(heardLog));
    },
  );

  it.each([
    ['legacy', 'legacy'],
    ['modern', 'modern'],
    ['legacy', 'modern'],
  ] as const)('leaves log messages for a %s client to its %s server or its session', (client, server) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', server);
    const call = requestOf(
      'tools/call',
      `{"name":"files__read","_meta":{"io.modelcontextprotocol/logLevel":"info"}}`,
    );
    const { reply } = fixture.route(client === 'modern' ? call : CALL, clientOf(client));
    connection.last.notify(log('debug'));
    expect(reply.notifications).toEqual([heardLog('debug')]);
  });

  // guard: call/unwanted-logs
  it('shows no log messages to a modern client that asks for none', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { reply } = fixture.route(CALL, clientOf('modern'));
    connection.last.notify(log('emergency'));
    expect(reply.notifications).toEqual([]);
  });

  it.each(['"t"', '7', '1.0e2'])('shows where the progress token %s stands', (token) => {
    const fixture = new RouterFixture();
    const [same, other] = [fixture.connection('files', 'modern'), fixture.connection('mail', 'legacy')];
    const params = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","progressToken":${token}}`;
    fixture.route(requestOf('tools/call', `{"name":"files__read",${params}}`), clientOf('modern'));
    fixture.route(requestOf('tools/call', `{"name":"mail__read",${params}}`), clientOf('modern'));
    expect(same.last.progressToken).toBe(token);
    expect(other.last.progressToken).toBe(token);
  });

  it.each(['-32602', '-32002', '-32601'])(
    'asks the next server when one says with %s that it does not have a resource',
    (code) => {
      const fixture = new RouterFixture();
      const [first, second] = [fixture.connection('files', 'modern'), fixture.connection('mail', 'modern')];
      fixture.views.owners = ['files', 'mail'];
      const { reply } = fixture.route(READ, clientOf('modern'));
      first.last.answer(`"error":{"code":${code},"message":"not here"}`);
      expect(reply.answers).toEqual([]);
      second.last.answer('"result":{"contents":[]}');
      expect(reply.text).toBe('{"jsonrpc":"2.0","id":1,"result":{"contents":[]}}');
      expect(first.sent).toHaveLength(1);
      expect(second.last.params).toBe('{"uri":"file:///a"}');
    },
  );

  // guard: route/next-after-shown
  it.each([
    ['a notification', 'modern', 'modern'],
    ['a notification', 'modern', 'legacy'],
    ['a notification', 'legacy', 'modern'],
    ['a question', 'legacy', 'legacy'],
    ['a question', 'legacy', 'modern'],
  ] as const)('asks no other server after %s of one to a %s client (server: %s)', (what, client, server) => {
    const fixture = new RouterFixture();
    const [first, second] = [fixture.connection('files', server), fixture.connection('mail', 'modern')];
    fixture.views.owners = ['files', 'mail'];
    const meta = '"_meta":{"progressToken":"t"}';
    const who = client === 'legacy' ? new FakeSession('{"sampling":{}}').client() : clientOf('modern');
    const { reply } = fixture.route(requestOf('resources/read', `{"uri":"file:///a",${meta}}`), who);
    if (what === 'a notification') first.last.notify(PROGRESS);
    else if (server === 'legacy') first.last.listener.onServerRequest(messageOf(QUESTION), () => {});
    else {
      const asks = '"inputRequests":{"k":{"method":"sampling/createMessage"}}';
      first.last.answer(`"result":{"resultType":"input_required",${asks}}`);
    }
    first.last.answer('"error":{"code":-32601,"message":"not here"}');
    expect(reply.json).toMatchObject({ error: { code: -32601 } });
    expect(second.sent).toEqual([]);
  });

  it('says with which code of an error the answer ends, in the terms of the client', () => {
    const fixture = new RouterFixture();
    const connections = [fixture.connection('files', 'modern'), fixture.connection('mail', 'legacy')];
    const calls = ['files', 'mail'].map((name) =>
      fixture.route(requestOf('tools/call', `{"name":"${name}__x"}`), clientOf('modern')),
    );
    for (const { last } of connections) last.answer('"error":{"code":-32002,"message":""}');
    expect(calls[0]?.reply.answers).toMatchObject([{ kind: 'message', errorCode: '-32002' }]);
    expect(calls[1]?.reply.answers).toMatchObject([{ kind: 'message', errorCode: '-32602' }]);
    const ok = fixture.route(CALL, clientOf('modern'));
    connections[0]?.last.answer('"result":{}');
    expect(ok.reply.answers).not.toMatchObject([{ errorCode: expect.anything() }]);
  });

  // guard: route/next-only-if-not-there
  it('does not ask the next server after a result or another error', () => {
    const fixture = new RouterFixture();
    const [first, second] = [fixture.connection('files', 'modern'), fixture.connection('mail', 'modern')];
    fixture.views.owners = ['files', 'mail'];
    const failed = fixture.route(READ, clientOf('modern'));
    first.last.answer('"error":{"code":-32603,"message":"broken"}');
    const read = fixture.route(READ, clientOf('modern'));
    first.last.answer('"result":{"contents":[]}');
    expect(failed.reply.json).toMatchObject({ error: { code: -32603 } });
    expect(read.reply.json).toMatchObject({ result: {} });
    expect(second.sent).toEqual([]);
  });

  it.each([
    ['"error":{"code":-32602,"message":"Unknown tool: x"}', true],
    [
      '"result":{"content":[{"type":"text","text":"MCP error -32602: Tool x not found"}],"isError":true}',
      true,
    ],
    ['"result":{"isError":true,"content":[{"type":"text","text":"Unknown tool: \\"x\\""}]}', true],
    ['"result":{"content":[{"type":"text","text":"Tool x not found"}]}', false],
    ['"result":{"content":[{"type":"text","text":"Tool x not found"}],"isError":false}', false],
    ['"result":{"content":[{"type":"text","text":"File not found"}],"isError":true}', false],
    ['"error":{"code":-32603,"message":"Tool x not found"}', false],
  ])('tells whether an answer contradicts the list: %s', (answer, isTold) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.route(CALL, clientOf('modern'));
    connection.last.answer(answer);
    expect(fixture.doubted).toEqual(isTold ? ['files contradicts'] : []);
  });

  it('tells whose call has found nobody', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    for (const code of ['OMNI_UPSTREAM_UNREACHABLE', 'OMNI_UPSTREAM_TIMEOUT'] as const) {
      fixture.route(CALL, clientOf('modern'));
      connection.last.listener.onFailure(new GatewayError(code, 'no'), 'sent');
    }
    expect(fixture.doubted).toEqual(['files is gone']);
  });

  it('gives the answer of the last server when none has the resource', () => {
    const fixture = new RouterFixture();
    const [first, second] = [fixture.connection('files', 'modern'), fixture.connection('mail', 'legacy')];
    fixture.views.owners = ['files', 'mail'];
    const { reply } = fixture.route(READ, clientOf('modern'));
    first.last.answer('"error":{"code":-32602,"message":"not here"}');
    second.last.answer('"error":{"code":-32002,"message":"not there"}');
    expect(reply.json).toEqual({ jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'not there' } });
  });

  it('asks the next server when one is not connected', () => {
    const fixture = new RouterFixture();
    const second = fixture.connection('mail', 'modern');
    fixture.views.owners = ['files', 'mail'];
    const { reply } = fixture.route(READ, clientOf('modern'));
    second.last.answer('"result":{"contents":[]}');
    expect(reply.json).toMatchObject({ result: { contents: [] } });
  });

  it('reads answers after which the next server may be asked', () => {
    const fixture = new RouterFixture();
    const [first, second] = [fixture.connection('files', 'modern'), fixture.connection('mail', 'modern')];
    fixture.views.owners = ['files', 'mail'];
    fixture.route(READ, clientOf('modern'));
    first.last.answer('"error":{"code":-32602,"message":"not here"}');
    expect(first.last.call.allowPassthrough).toBe(false);
    expect(second.last.call.allowPassthrough).toBe(true);
  });

  it('cancels the server that is being asked, also when the one before answered at once', async () => {
    const fixture = new RouterFixture();
    const [first, second] = [fixture.connection('files', 'modern'), fixture.connection('mail', 'modern')];
    fixture.views.owners = ['files', 'mail'];
    first.immediate = '"error":{"code":-32602,"message":"not here"}';
    const { running } = fixture.route(READ, clientOf('modern'));
    await Promise.resolve();
    running.cancel('stop');
    expect(first.last.cancels).toEqual([]);
    expect(second.last.cancels).toEqual(['stop']);
  });
});
