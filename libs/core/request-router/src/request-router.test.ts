import { endpointOf } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { clientOf, FakeSession, requestOf, RouterFixture } from './router.fixture.ts';

const MODERN = clientOf('modern');
const LEGACY = clientOf('legacy');
const ODD = '{"b":1.0e2, "a":"\\u00e9\\/", "a":[ ], "n":123456789012345678901234567890}';

describe('RequestRouter', () => {
  it.each([
    [
      'tools/call',
      `{"x":1, "name" : "files__read","arguments":${ODD}, "_meta":{"k":1} }`,
      `{"x":1, "name" : "read","arguments":${ODD}, "_meta":{"k":1} }`,
      'read',
    ],
    [
      'prompts/get',
      `{"name":"files__read","arguments":${ODD}}`,
      `{"name":"read","arguments":${ODD}}`,
      'read',
    ],
    ['tools/call', '{"name":"f\\u0069les__\\"q\\"\\ud800"}', '{"name":"\\"q\\"\\ud800"}', '"q"\ud800'],
    [
      'completion/complete',
      `{"argument":${ODD},"ref":{"type":"ref/prompt", "name":"files__p", "title":1.0}}`,
      `{"argument":${ODD},"ref":{"type":"ref/prompt", "name":"p", "title":1.0}}`,
      undefined,
    ],
    [
      'resources/read',
      '{ "uri":"file:\\u002f/a", "x":1.0 }',
      '{ "uri":"file:\\u002f/a", "x":1.0 }',
      'file://a',
    ],
    [
      'completion/complete',
      '{"ref":{"type":"ref/resource","uri":"file:///{x}"},"x":1.0}',
      '{"ref":{"type":"ref/resource","uri":"file:///{x}"},"x":1.0}',
      undefined,
    ],
  ])(
    'sends %s to the upstream of its name and changes nothing but the name [S002-TX-03]',
    (method, params, sent, name) => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'modern');
      fixture.route(requestOf(method, params), MODERN);
      expect(connection.last.params).toBe(sent);
      expect(connection.last.call.method).toBe(method);
      expect(connection.last.call.name).toBe(name);
      expect(connection.last.call.clientId).toBe('1');
    },
  );

  it('sends names that stay as they are byte for byte, escapes included', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const params = '{ "name" : "r\\u0065ad" , "arguments":{} }';
    fixture.route(requestOf('tools/call', params), clientOf('modern', 'files'));
    expect(connection.last.params).toBe(params);
    expect(connection.last.call.edits).toEqual([]);
    expect(connection.last.call.name).toBe('read');
  });

  it.each([
    ['tools/call', ''],
    ['tools/call', '{"name":5}'],
    ['tools/call', '{"arguments":{}}'],
    ['prompts/get', '{"name":null}'],
    ['resources/read', '{"uri":{}}'],
    ['resources/read', ''],
    ['completion/complete', '{}'],
    ['completion/complete', '{"ref":"ref/prompt"}'],
    ['completion/complete', '{"ref":{"type":"ref/prompt"}}'],
    ['completion/complete', '{"ref":{"type":"ref/resource","uri":1}}'],
    ['completion/complete', '{"ref":{"type":"ref/tool","name":"files__read"}}'],
    ['completion/complete', '{"ref":{"type":"ref/prompt","name":"files__p","name":"mail__p"}}'],
  ])('refuses %s with the parameters %s', (method, params) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    expect(fixture.route(requestOf(method, params), MODERN).reply.text).toBe('OMNI_PARAMS_INVALID');
    expect(connection.sent).toEqual([]);
  });

  it.each([
    ['tools/call', '{"name":"nowhere"}'],
    ['prompts/get', '{"name":"nowhere"}'],
    ['resources/read', '{"uri":"http://169.254.169.254/"}'],
    ['completion/complete', '{"ref":{"type":"ref/prompt","name":"nowhere"}}'],
    ['completion/complete', '{"ref":{"type":"ref/resource","uri":"x:y"}}'],
  ])('says that %s with %s leads nowhere', (method, params) => {
    expect(new RouterFixture().route(requestOf(method, params), MODERN).reply.text).toBe('OMNI_NAME_UNKNOWN');
  });

  it('waits for the servers of a just started Omni before it calls a name unknown', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.unsettle();
    fixture.views.isRead = false;
    const [known, unknown] = [
      fixture.route(requestOf('tools/call', '{"name":"files__read"}'), MODERN),
      fixture.route(requestOf('tools/call', '{"name":"nowhere"}'), MODERN),
    ];
    expect(known.reply.answers).toEqual([]);
    expect(unknown.reply.answers).toEqual([]);
    expect(connection.sent).toEqual([]);
    fixture.views.isRead = true;
    fixture.settle();
    connection.last.answer('"result":{}');
    expect(known.reply.json).toMatchObject({ result: {} });
    expect(unknown.reply.text).toBe('OMNI_NAME_UNKNOWN');
  });

  it.each([
    ['tools/call', '{"name":"files__read"}'],
    ['prompts/get', '{"name":"files__ask"}'],
    ['completion/complete', '{"ref":{"type":"ref/prompt","name":"files__ask"}}'],
  ])('tells at once why the server takes no calls that the name of a %s leads to', (method, params) => {
    const fixture = new RouterFixture();
    fixture.unsettle();
    fixture.views.isRead = false;
    fixture.upstreams.refusals.set('files', new GatewayError('OMNI_UPSTREAM_DISABLED', 'switched off'));
    expect(fixture.route(requestOf(method, params), MODERN).reply.text).toBe('OMNI_UPSTREAM_DISABLED');
  });

  // guard: route/unread-owners
  it('waits while one of the servers that a name may belong to can still offer it', () => {
    const fixture = new RouterFixture();
    fixture.unsettle();
    fixture.views.isRead = false;
    fixture.upstreams.refusals.set('files', new GatewayError('OMNI_UPSTREAM_DOWN', 'down'));
    const { reply } = fixture.route(requestOf('tools/call', '{"name":"files__mail__read"}'), MODERN);
    expect(reply.answers).toEqual([]);
    fixture.settle();
    expect(reply.text).toBe('OMNI_NAME_UNKNOWN');
  });

  it('cancels what waits, and what has begun after waiting', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.unsettle();
    fixture.views.isRead = false;
    const [early, late] = [
      fixture.route(requestOf('tools/call', '{"name":"files__read"}'), MODERN),
      fixture.route(requestOf('tools/call', '{"name":"files__read"}'), MODERN),
    ];
    early.running.cancel('early');
    expect(fixture.views.waiting).toHaveLength(1);
    fixture.views.isRead = true;
    fixture.settle();
    late.running.cancel('late');
    expect(connection.sent).toHaveLength(1);
    expect(connection.last.cancels).toEqual(['late']);
    expect(early.reply.answers).toEqual([]);
  });

  it('compares headers with the arguments of modern calls and passes them on', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.route(requestOf('tools/call', `{"name":"files__read","arguments":${ODD}}`), MODERN, [
      'Mcp-Param-Region',
      'eu',
    ]);
    expect(fixture.views.checkedHeaders).toEqual([[ODD, ['Mcp-Param-Region', 'eu']]]);
    expect(connection.last.call.paramHeaders).toEqual(['Mcp-Param-Region', 'eu']);
  });

  // guard: route/mirrored
  it('sends no call whose headers differ from its arguments', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.views.mismatch = new GatewayError('OMNI_HEADER_MISMATCH', 'differs');
    expect(fixture.route(requestOf('tools/call', '{"name":"files__read"}'), MODERN, []).reply.text).toBe(
      'OMNI_HEADER_MISMATCH',
    );
    expect(connection.sent).toEqual([]);
  });

  it('derives the headers from the arguments for clients that have none', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    fixture.route(requestOf('tools/call', `{"name":"files__read","arguments":${ODD}}`), MODERN);
    expect(fixture.views.checkedHeaders).toEqual([]);
    expect(connection.last.call.paramHeaders).toEqual(['Mcp-Param-Derived', String(ODD.length)]);
  });

  it('compares no headers of legacy calls, which have none', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy');
    fixture.views.mismatch = new GatewayError('OMNI_HEADER_MISMATCH', 'differs');
    fixture.route(requestOf('tools/call', '{"name":"files__read"}'), LEGACY);
    expect(connection.sent).toHaveLength(1);
    expect(fixture.views.checkedHeaders).toEqual([]);
  });

  // guard: route/own-methods, route/vendor-scope
  it.each([
    ['vendor/x', 'files', true],
    ['tasks/get', 'files', true],
    ['tasks/list', 'files', true],
    ['tasks/get', undefined, true],
    ['tasks/list', undefined, true],
    ['vendor/x', undefined, false],
    ['rpc.discover', 'files', false],
    ['notifications/x', 'files', false],
    ['server/discover', 'files', false],
    ['initialize', 'files', false],
    ['ping', 'files', false],
    ['subscriptions/listen', 'files', false],
    ['sampling/createMessage', 'files', false],
    ['elicitation/create', 'files', false],
    ['roots/list', 'files', false],
    ['pinger', 'files', true],
  ])('says whether %s is carried to %s: %s', (method, server, expected) => {
    expect(new RouterFixture().router.carries(method, endpointOf(server))).toBe(expected);
  });

  it.each([
    ['mail', true],
    ['files', false],
    [undefined, true],
  ])('says whether calls at %s may become tasks: %s', (server, expected) => {
    const fixture = new RouterFixture();
    fixture.connection('mail', 'modern');
    fixture.makingTasks.add('mail');
    expect(fixture.router.makesTasks(endpointOf(server))).toBe(expected);
  });

  it('carries no vendor method that the client is not shown', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('mail', 'modern');
    fixture.views.methodRefusal = new GatewayError('OMNI_METHOD_UNKNOWN', 'not offered');
    const { reply } = fixture.route(requestOf('vendor/x'), clientOf('modern', 'mail'));
    expect(connection.sent).toEqual([]);
    expect(reply.text).toBe('OMNI_METHOD_UNKNOWN');
  });

  it('carries a vendor method to the server of the endpoint', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('mail', 'modern');
    fixture.route(requestOf('vendor/x', '{"y":"t", "x":1.0}'), clientOf('modern', 'mail'));
    expect(connection.last.params).toBe('{"y":"t", "x":1.0}');
    expect(connection.last.call.name).toBeUndefined();
  });

  it('carries a method without parameters', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('mail', 'modern');
    fixture.route(requestOf('vendor/x'), clientOf('modern', 'mail'));
    expect(connection.last.params).toBe('');
    expect(connection.last.call.paramsStart).toBe(connection.last.call.paramsEnd);
  });

  it.each([
    [undefined, ['files']],
    ['files', ['files']],
    ['mail', []],
  ])('tells the log level to connected servers that log, on the endpoint %s', (endpoint, told) => {
    const fixture = new RouterFixture();
    const logging = fixture.connection('files', 'legacy', '{"capabilities":{"tools":{},"logging" : {}}}');
    const silent = fixture.connection(
      'mail',
      'legacy',
      '{"capabilities":{"tools":{}},"instructions":"\\"logging\\":"}',
    );
    const { reply } = fixture.route(
      requestOf('logging/setLevel', '{"level":"info"}', '"i"'),
      new FakeSession().client(endpoint),
    );
    expect(reply.text).toBe('{"jsonrpc":"2.0","id":"i","result":{}}');
    expect([logging, silent].filter(({ sent }) => sent.length > 0).map(({ upstream }) => upstream)).toEqual(
      told,
    );
    for (const { params, call } of logging.sent) {
      expect(call.method).toBe('logging/setLevel');
      expect(params).toBe('{"level":"info"}');
    }
  });

  it('sets no level on modern or unconnected servers', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern', '{"capabilities":{"logging":{}}}');
    expect(fixture.route(requestOf('logging/setLevel', '{"level":"info"}'), LEGACY).reply.status).toBe(200);
    expect(connection.sent).toEqual([]);
  });

  // guard: route/level-question
  it('refuses what a server asks while its level is set, and does not leave it waiting', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'legacy', '{"capabilities":{"logging":{}}}');
    fixture.route(requestOf('logging/setLevel', '{"level":"info"}'), new FakeSession().client());
    const answers: unknown[] = [];
    const { listener } = connection.last;
    listener.onServerRequest(requestOf('roots/list'), (answer) => answers.push(answer));
    listener.onDrain(() => answers.push('drained'));
    expect(connection.last.notify('{"jsonrpc":"2.0","method":"notifications/message"}')).toBe(true);
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }, 'drained']);
  });

  it.each([
    [undefined, ['files file:///new']],
    ['files', []],
  ])(
    'remembers resources that results mention, where there is a choice (endpoint %s)',
    (endpoint, remembered) => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'modern');
      fixture.route(
        requestOf('tools/call', `{"name":"${endpoint === undefined ? 'files__read' : 'read'}"}`),
        clientOf('modern', endpoint),
      );
      connection.last.answer('"result":{"content":[{"type":"resource_link","uri":"file:///new"}]}');
      expect(fixture.views.remembered).toEqual(remembered);
    },
  );

  it('fails the call alone whose view cannot be made', () => {
    const fixture = new RouterFixture();
    fixture.connection('files', 'modern');
    fixture.views.isRead = false;
    fixture.unsettle();
    const calls = [1, 2].map(() => fixture.route(requestOf('tools/call', '{"name":"files__read"}'), MODERN));
    const viewOf = fixture.views.of.bind(fixture.views);
    let made = 0;
    fixture.views.of = (client) => {
      if (made++ === 0) throw new TypeError('a policy is broken');
      return viewOf(client);
    };
    expect(() => fixture.settle()).not.toThrow();
    expect(calls.map(({ reply }) => reply.ends)).toEqual([1, 1]);
  });

  it('remembers resources that an answer in bytes mentions', () => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', 'modern');
    const { reply } = fixture.route(requestOf('tools/call', '{"name":"files__read"}'), MODERN);
    const text =
      '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"resource_link","uri":"file:///new"}]}}';
    connection.last.bytes(text);
    expect(fixture.views.remembered).toEqual(['files file:///new']);
    expect(reply.text).toBe(text);
  });

  describe('route', () => {
    const CALL = requestOf('tools/call', '{"name":"files__read"}', '"c"');

    it('resolves to the answer, whether it is a result or an error [S003-IF-01]', async () => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'modern');
      const { signal } = new AbortController();
      const answered = fixture.router.route(CALL, MODERN, signal);
      expect(connection.last.notify('{"jsonrpc":"2.0","method":"notifications/vendor"}')).toBe(true);
      connection.last.answer('"result":{"n":1.0}');
      expect(await answered).toEqual({
        kind: 'message',
        payload: '{"jsonrpc":"2.0","id":"c","result":{"n":1.0}}',
        status: 200,
      });
      const nowhere = requestOf('tools/call', '{"name":"nowhere"}');
      expect(await fixture.router.route(nowhere, MODERN, signal)).toMatchObject({
        kind: 'error',
        error: { code: 'OMNI_NAME_UNKNOWN' },
      });
    });

    it('cancels the call and rejects with the reason once the signal is aborted', async () => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'modern');
      const controller = new AbortController();
      const answered = fixture.router.route(CALL, MODERN, controller.signal);
      controller.abort('enough');
      await expect(answered).rejects.toBe('enough');
      expect(connection.last.cancels).toEqual(['aborted']);
      await expect(fixture.router.route(CALL, MODERN, controller.signal)).rejects.toBe('enough');
      expect(connection.sent).toHaveLength(1);
    });

    it('rejects with the reason though what runs cannot be cancelled', async () => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'modern');
      const send = connection.send.bind(connection);
      connection.send = (call, listener) => {
        send(call, listener);
        return {
          cancel() {
            throw new TypeError('a stage is broken');
          },
        };
      };
      const controller = new AbortController();
      const answered = fixture.router.route(CALL, MODERN, controller.signal);
      controller.abort('enough');
      await expect(answered).rejects.toBe('enough');
    });

    it('does not cancel what is over, and asks nobody', async () => {
      const fixture = new RouterFixture();
      const connection = fixture.connection('files', 'legacy');
      const controller = new AbortController();
      const answered = fixture.router.route(CALL, LEGACY, controller.signal);
      const answers: unknown[] = [];
      const { listener } = connection.last;
      listener.onServerRequest(requestOf('roots/list'), (answer) => answers.push(answer));
      listener.onDrain(() => answers.push('drained'));
      expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }, 'drained']);
      connection.last.answer('"result":{}');
      controller.abort('enough');
      expect(await answered).toMatchObject({ kind: 'message' });
      expect(connection.last.cancels).toEqual([]);
    });
  });
});
