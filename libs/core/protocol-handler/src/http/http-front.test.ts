import { endpointOf } from '@omni/model';
import { GatewayError, type Principal } from '@omni/ports';
import { LOOPBACK_CONNECTION, type RecordingExchange } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, initializeText, legacyText, modernText, type RequestText } from '../front.fixture.ts';

const GOOD = [
  'Host',
  'localhost',
  'Authorization',
  'Bearer owner',
  'Content-Type',
  'application/json',
  'Accept',
  'application/json, text/event-stream',
];
const CALL: RequestText & { name: string } = {
  params: '"name":"files__read","arguments":{}',
  name: 'files__read',
};
const MIRRORS = ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/call'];
const SUPPORTED = ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'];

/** What is wrong with a request; all that comes after it in the order of the checks is wrong as well. */
interface Wrong {
  readonly body: string;
  readonly type?: string;
  readonly version?: string;
  readonly session?: string;
  readonly method?: string;
}

/** The good headers with one of them replaced, or left out. */
function without(name: string, value?: string): string[] {
  const at = GOOD.indexOf(name);
  return [...GOOD.slice(0, at), ...(value === undefined ? [] : [name, value]), ...GOOD.slice(at + 2)];
}

function refusal(code: number, own: string, id: unknown = null): object {
  return { jsonrpc: '2.0', id, error: { code, data: { code: own } } };
}

describe('HttpFront', () => {
  it('answers a call with the answer of the upstream as it is', async () => {
    const front = new FrontFixture();
    const exchange = await front.modern('tools/call', CALL);
    front.dispatch.last.result('{"content":[],"n":1.0e2}');
    expect(exchange.status).toBe(200);
    expect(exchange.responseHeader('content-type')).toBe('application/json');
    expect(exchange.text()).toBe('{"jsonrpc":"2.0","id":1,"result":{"content":[],"n":1.0e2}}');
  });

  // guard: request/forwarded-headers
  it('routes the request with its own text, envelope and headers', async () => {
    const front = new FrontFixture();
    const body = modernText('tools/call', {
      ...CALL,
      meta: '"io.modelcontextprotocol/clientInfo":{"name":"x"}',
    });
    await front.post(
      body,
      [
        ...MIRRORS,
        'Mcp-Name',
        'files__read',
        'Mcp-Param-Region',
        'eu',
        'X-Other',
        '1',
        'mcp-param-',
        'empty',
      ],
      '/mcp/files',
    );
    expect(front.dispatch.last.request).toMatchObject({
      message: { text: body },
      client: {
        principal: { id: 'owner' },
        era: 'modern',
        endpoint: endpointOf('files'),
        session: undefined,
        capabilities: '{}',
        clientInfo: '{"name":"x"}',
      },
      paramHeaders: ['Mcp-Param-Region', 'eu'],
    });
  });

  it('never mints a session for a modern request [PROTO-R05]', async () => {
    const exchange = await new FrontFixture().modern('server/discover');
    expect(exchange.responseHeader('mcp-session-id')).toBeUndefined();
  });

  // guard: endpoint/host, endpoint/token, endpoint/scope
  it.each([
    ['the host', ['Host', 'evil.example'], 403, 'OMNI_HOST_FORBIDDEN'],
    ['the origin', ['Host', 'localhost', 'Origin', 'https://evil.example'], 403, 'OMNI_ORIGIN_FORBIDDEN'],
    ['the token', ['Host', 'localhost'], 401, 'OMNI_AUTH_REQUIRED'],
    ['the server', ['Host', 'localhost', 'Authorization', 'Bearer owner'], 404, 'OMNI_SERVER_UNKNOWN'],
  ])('checks %s before what comes after it', async (_what, headers, status, code) => {
    // Everything behind the check is wrong as well: the first check decides.
    const exchange = await new FrontFixture().raw({ path: '/mcp/nowhere', headers, body: 'no JSON' });
    expect(exchange.status).toBe(status);
    expect(exchange.json()).toMatchObject({ error: { data: { code } } });
  });

  it('checks who asks before it looks at the body', async () => {
    const exchange = await new FrontFixture().raw({ headers: without('Authorization'), body: 'no JSON' });
    expect(exchange.status).toBe(401);
    expect(exchange.responseHeader('www-authenticate')).toBe('Bearer realm="omni"');
  });

  it('does not tell strangers which servers exist', async () => {
    const front = new FrontFixture();
    const [known, unknown] = [
      await front.raw({ path: '/mcp/files', headers: without('Authorization') }),
      await front.raw({ path: '/mcp/nowhere', headers: without('Authorization') }),
    ];
    expect(known.status).toBe(unknown.status);
    expect(known.text()).toBe(unknown.text());
  });

  it.each([
    '/',
    '//mcp',
    '/mcp/../admin',
    '/mcp/%66iles',
    '/mcp//',
    '/mcp/files//',
    '/MCP',
    '/mcp;x',
    '/mcp/__proto__',
    '/mcp/a b',
  ])('serves nothing at %s', async (path) => {
    const exchange = await new FrontFixture().raw({ path, headers: GOOD, body: legacyText('ping') });
    expect(exchange.status).toBe(404);
    expect(exchange.json()).toMatchObject(refusal(-32600, 'OMNI_PATH_UNKNOWN'));
  });

  it.each([
    ['POST', '/register'],
    ['GET', '/authorize'],
    ['POST', '/token'],
    ['GET', '/.well-known/oauth-protected-resource'],
    ['GET', '/.well-known/oauth-protected-resource/mcp/files'],
    ['GET', '/.well-known/oauth-authorization-server'],
    ['GET', '/mcp/.well-known/openid-configuration'],
  ])(
    'tells a client that looks for OAuth how a token is sent, as an error of OAuth: %s %s',
    async (method, path) => {
      const exchange = await new FrontFixture().raw({
        method,
        path,
        headers: ['Host', 'localhost'],
        body: '{}',
      });
      expect(exchange.status).toBe(404);
      expect(exchange.responseHeader('content-type')).toBe('application/json');
      const { error, error_description: words } = exchange.json() as Record<string, unknown>;
      expect(error).toBe('invalid_request');
      expect(words).toMatch(/Authorization: Bearer <token>.*omni serve prints where the token is/);
    },
  );

  it.each(['/mcp/', '/mcp/files/'])('serves %s like the path without a slash at its end', async (path) => {
    const slash = await new FrontFixture().raw({ path, headers: GOOD, body: legacyText('ping') });
    const plain = await new FrontFixture().raw({
      path: path.slice(0, -1),
      headers: GOOD,
      body: legacyText('ping'),
    });
    expect(slash.status).not.toBe(404);
    expect([slash.status, slash.text()]).toEqual([plain.status, plain.text()]);
  });

  it.each(['constructor', 'toString'])('knows no server %s', async (name) => {
    const exchange = await new FrontFixture().raw({
      path: `/mcp/${name}`,
      headers: GOOD,
      body: legacyText('ping'),
    });
    expect(exchange.status).toBe(404);
    expect(exchange.json()).toMatchObject(refusal(-32602, 'OMNI_SERVER_UNKNOWN'));
  });

  // guard: endpoint/health-details
  it.each([
    ['a stranger', without('Authorization'), false],
    ['somebody with a token', GOOD, true],
  ])('shows the health pages to %s', async (_who, headers, trusted) => {
    const exchange = await new FrontFixture().raw({ method: 'GET', path: '/health/live', headers });
    expect(exchange.status).toBe(200);
    expect(exchange.responseHeader('cache-control')).toBe('no-store');
    expect(exchange.json()).toEqual({ trusted });
  });

  it('shows a page that takes a moment, and refuses one that is not for strangers', async () => {
    const front = new FrontFixture();
    const ask = (query: string, headers = GOOD) =>
      front.raw({ method: 'GET', path: '/health/live', query, headers });
    expect((await ask('later')).json()).toEqual({ trusted: true });
    expect((await ask('private')).status).toBe(200);
    const refused = await ask('private', without('Authorization'));
    expect(refused.status).toBe(401);
    expect(refused.responseHeader('www-authenticate')).toBe('Bearer realm="omni"');
    const broken = await ask('broken');
    expect(broken.status).toBe(500);
    expect(broken.text()).not.toContain('RangeError');
  });

  it('answers HEAD of a page without its body, and refuses to write to it', async () => {
    const front = new FrontFixture();
    const head = await front.raw({ method: 'HEAD', path: '/health/live', headers: GOOD });
    const post = await front.raw({ method: 'POST', path: '/health/live', headers: GOOD });
    expect(head.status).toBe(200);
    expect(head.text()).toBe('');
    expect(post.status).toBe(405);
    expect(post.responseHeader('allow')).toBe('GET, HEAD');
  });

  it.each(['PUT', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'post'])(
    'refuses the method %s and names the good ones',
    async (method) => {
      const exchange = await new FrontFixture().raw({ method, headers: GOOD });
      expect(exchange.status).toBe(405);
      expect(exchange.responseHeader('allow')).toBe('POST, GET, DELETE');
    },
  );

  // guard: request/content-type, request/encoding, request/accept
  it.each([
    ['no content type', without('Content-Type'), 415],
    ['text', without('Content-Type', 'text/plain'), 415],
    ['another charset', without('Content-Type', 'application/json; charset=utf-16'), 415],
    ['a type that only begins like it', without('Content-Type', 'application/jsonp'), 415],
    ['two content types', [...GOOD, 'content-type', 'application/json'], 415],
    ['UTF-8 by name', without('Content-Type', 'Application/JSON; charset="UTF-8"'), 200],
    ['a compressed body', [...GOOD, 'Content-Encoding', 'gzip'], 415],
    ['a body encoded twice', [...GOOD, 'Content-Encoding', 'identity, gzip'], 415],
    ['the encoding that is none', [...GOOD, 'Content-Encoding', 'Identity'], 200],
    ['no Accept', without('Accept'), 200],
    ['an empty Accept', without('Accept', ''), 406],
    ['JSON alone', without('Accept', 'application/json'), 406],
    ['events alone', without('Accept', 'text/event-stream'), 406],
    ['both in any order and case', without('Accept', 'Text/Event-Stream;q=0.5 , APPLICATION/json'), 200],
    ['wildcards', without('Accept', 'application/*, text/*'), 200],
    ['everything', without('Accept', '*/*'), 200],
    ['everything but events', without('Accept', '*/*, text/event-stream;q=0'), 406],
    ['both but nothing else', without('Accept', 'application/json, text/*;q=0.1, */*;q=0.0'), 200],
  ])('takes or refuses %s, first of all and later', async (_what, headers, status) => {
    const front = new FrontFixture();
    expect((await new FrontFixture().raw({ headers, body: initializeText() })).status).toBe(status);
    // What was good once is remembered; it must not make other values good.
    await front.raw({ headers: GOOD, body: initializeText() });
    expect((await front.raw({ headers, body: initializeText() })).status).toBe(status);
  });

  // guard: request/body-limit
  it('refuses a body beyond the limit', async () => {
    const front = new FrontFixture({ maxBodyBytes: 300 });
    const fits = await front.post(initializeText().padEnd(300));
    const exceeds = await front.post(initializeText().padEnd(301));
    expect(fits.status).toBe(200);
    expect(exceeds.status).toBe(413);
    expect(exceeds.json()).toMatchObject(refusal(-32600, 'OMNI_BODY_TOO_LARGE'));
  });

  it('answers a body that ends too early', async () => {
    const bodyError = new GatewayError('OMNI_BODY_INCOMPLETE', 'The client stopped');
    const exchange = await new FrontFixture().raw({ headers: GOOD, bodyError });
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject(refusal(-32700, 'OMNI_BODY_INCOMPLETE'));
  });

  it.each([
    ['nothing', '', -32700],
    ['white space', ' \n', -32700],
    ['a byte order mark', `\uFEFF${legacyText('ping')}`, -32700],
    ['a cut text', legacyText('ping').slice(0, -1), -32700],
    ['two messages', `${legacyText('ping')}\n${legacyText('ping')}`, -32700],
    ['null', 'null', -32600],
    ['a number', '42', -32600],
    ['a text', '"x"', -32600],
    ['no version of JSON-RPC', '{"id":1,"method":"ping"}', -32600],
    ['another version of JSON-RPC', '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ['neither method nor answer', '{"jsonrpc":"2.0","id":1}', -32600],
    ['a key in another case', '{"jsonrpc":"2.0","id":1,"Method":"ping"}', -32600],
    ['a key twice', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600],
    [
      'a key twice, once escaped',
      '{"jsonrpc":"2.0","id":1,"method":"ping","\\u006dethod":"tools/call"}',
      -32600,
    ],
    ['a fraction as id', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
    ['null as id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ['parameters in an array', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600],
    [
      'deep nesting',
      modernText('tools/call', { params: `"name":"x","arguments":${'['.repeat(65)}${']'.repeat(65)}` }),
      -32600,
    ],
    [
      'many values',
      modernText('tools/call', { params: `"name":"x","arguments":[${'1,'.repeat(1_000)}1]` }),
      -32600,
    ],
  ])('refuses %s', async (_what, body, code) => {
    const front = new FrontFixture();
    const exchange = await front.post(body, [...MIRRORS, 'Mcp-Name', 'x']);
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject({ error: { code } });
    expect(front.dispatch.calls).toEqual([]);
  });

  // guard: request/utf8
  it.each([
    ['an overlong slash', [0xc0, 0xaf]],
    ['a lone continuation', [0x80]],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
  ])('refuses %s in place of replacing it', async (_what, bytes) => {
    const front = new FrontFixture();
    const [head = '', tail = ''] = modernText('tools/call', { params: '"name":"|"' }).split('|');
    const encoder = new TextEncoder();
    const exchange = await front.post(
      new Uint8Array([...encoder.encode(head), ...bytes, ...encoder.encode(tail)]),
      MIRRORS,
    );
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject(refusal(-32700, 'OMNI_JSON_INVALID'));
    expect(front.dispatch.calls).toEqual([]);
  });

  it('reads the next body after one that is not UTF-8', async () => {
    const front = new FrontFixture();
    await front.post(new Uint8Array([0xe2, 0x82]));
    expect((await front.post(initializeText())).status).toBe(200);
  });

  it.each(['"a"', '""', '0', '-1', '9007199254740993', '"\\u0061"', '"\\ud800"'])(
    'echoes the id %s byte for byte',
    async (id) => {
      const exchange = await new FrontFixture().modern('server/discover', { id });
      expect(exchange.text()).toContain(`{"jsonrpc":"2.0","id":${id},"result":`);
    },
  );

  it.each([
    ['no capabilities', '{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}', -32602],
    [
      'capabilities of another type',
      '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":[]}',
      -32602,
    ],
    [
      'a version of another type',
      '{"io.modelcontextprotocol/protocolVersion":20260728,"io.modelcontextprotocol/clientCapabilities":{}}',
      -32602,
    ],
    [
      'client info of another type',
      '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":"x"}',
      -32602,
    ],
    ['no version, but the header', '{"io.modelcontextprotocol/clientCapabilities":{}}', -32602],
    ['no envelope, but the header', '{}', -32602],
  ])('refuses an envelope with %s', async (_what, meta, code) => {
    const front = new FrontFixture();
    const exchange = await front.post(
      `{"jsonrpc":"2.0","id":"x","method":"tools/list","params":{"_meta":${meta}}}`,
      ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/list'],
    );
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject(refusal(code, 'OMNI_PARAMS_INVALID', 'x'));
  });

  it.each([
    ['in the envelope', '2027-01-01', modernText('tools/list', { version: '2027-01-01' })],
    ['in the envelope, of the other era', '2025-11-25', modernText('tools/list', { version: '2025-11-25' })],
    ['in the header', '9999-99-99', legacyText('tools/list')],
    ['that is empty', '', legacyText('tools/list')],
    ['twice', '2025-11-25, 2026-07-28', legacyText('tools/list')],
    ['of a draft', 'DRAFT-2026-v1', legacyText('tools/list')],
  ])('refuses a version %s and says which are served', async (_what, requested, body) => {
    const exchange = await new FrontFixture().post(body, [
      'MCP-Protocol-Version',
      requested,
      'Mcp-Method',
      'tools/list',
    ]);
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject({
      id: 1,
      error: { code: -32022, data: { supported: SUPPORTED, requested } },
    });
  });

  it('does not say of a version that it lists that it is not supported', async () => {
    const exchange = await new FrontFixture().post(modernText('tools/list', { version: '2025-11-25' }), [
      'MCP-Protocol-Version',
      '2025-11-25',
      'Mcp-Method',
      'tools/list',
    ]);
    expect(exchange.json()).toMatchObject({
      error: { message: 'Protocol version "2025-11-25" begins with initialize and has no such envelope' },
    });
  });

  // guard: request/header-version
  it.each(['2026-07-28', '2027-01-01', '2025-11-25'])(
    'calls a version in the header that differs from the one in the body a mismatch: %s',
    async (version) => {
      const exchange = await new FrontFixture().post(
        modernText('tools/list', { version: version === '2026-07-28' ? '2027-01-01' : '2026-07-28' }),
        ['MCP-Protocol-Version', version, 'Mcp-Method', 'tools/list'],
      );
      expect(exchange.status).toBe(400);
      expect(exchange.json()).toMatchObject(refusal(-32020, 'OMNI_HEADER_MISMATCH', 1));
    },
  );

  // guard: request/version-in-error
  it('does not repeat more than the beginning of a strange version', async () => {
    const exchange = await new FrontFixture().post(legacyText('tools/list'), [
      'MCP-Protocol-Version',
      'x'.repeat(5_000),
    ]);
    expect(exchange.text().length).toBeLessThan(600);
  });

  // guard: request/header-method, request/header-name
  it.each([
    ['no version', ['Mcp-Method', 'tools/call', 'Mcp-Name', 'files__read']],
    [
      'a version that is not the one of the body',
      ['MCP-Protocol-Version', '2025-11-25', 'Mcp-Method', 'tools/call', 'Mcp-Name', 'files__read'],
    ],
    ['no method', ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Name', 'files__read']],
    [
      'another method',
      ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/list', 'Mcp-Name', 'files__read'],
    ],
    [
      'the method in another case',
      ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'Tools/call', 'Mcp-Name', 'files__read'],
    ],
    ['the method twice', [...MIRRORS, 'mcp-method', 'tools/call', 'Mcp-Name', 'files__read']],
    ['no name', MIRRORS],
    ['another name', [...MIRRORS, 'Mcp-Name', 'files__write']],
    ['the name in another case', [...MIRRORS, 'Mcp-Name', 'Files__read']],
    ['the name twice', [...MIRRORS, 'Mcp-Name', 'files__read', 'MCP-NAME', 'files__read']],
    ['an encoded other name', [...MIRRORS, 'Mcp-Name', '=?base64?ZmlsZXM=?=']],
    ['an encoding that is broken', [...MIRRORS, 'Mcp-Name', '=?base64?####?=']],
    ['an encoding of no UTF-8', [...MIRRORS, 'Mcp-Name', '=?base64?gA==?=']],
    [
      'an encoding in an encoding',
      [...MIRRORS, 'Mcp-Name', `=?base64?${btoa(`=?base64?${btoa('files__read')}?=`)}?=`],
    ],
    ['a name beyond ASCII', [...MIRRORS, 'Mcp-Name', 'files__réad']],
  ])('refuses mirrored headers with %s', async (_what, headers) => {
    const front = new FrontFixture();
    const exchange = await front.post(modernText('tools/call', CALL), headers);
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject(refusal(-32020, 'OMNI_HEADER_MISMATCH', 1));
    expect(front.dispatch.calls).toEqual([]);
  });

  it.each([
    ['a plain name', 'tools/call', '"name":"files__read"', 'files__read'],
    ['a padded header', 'tools/call', '"name":"files__read"', '  files__read '],
    [
      'an encoded name',
      'tools/call',
      '"name":"näme"',
      `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode('näme')))}?=`,
    ],
    ['an escaped name', 'prompts/get', '"name":"\\u0061"', 'a'],
    ['a URI', 'resources/read', '"uri":"file:///a, b"', 'file:///a, b'],
    ['a name of the wrong type, which the parameter check refuses', 'tools/call', '"name":5', '5'],
  ])('takes %s that mirrors the body', async (_what, method, params, name) => {
    const front = new FrontFixture();
    await front.modern(method, { params, name });
    expect(front.dispatch.calls).toHaveLength(1);
  });

  it('compares the task id of methods that are carried to a server', async () => {
    const front = new FrontFixture();
    const exchange = await front.modern('tasks/get', {
      params: '"taskId":"t1"',
      name: 't2',
      path: '/mcp/files',
    });
    expect(exchange.json()).toMatchObject(refusal(-32020, 'OMNI_HEADER_MISMATCH', 1));
  });

  // guard: request/removed-methods, request/method-in-error
  it.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
    'sampling/createMessage',
    'elicitation/create',
    'roots/list',
    'tasks/result',
    'tasks/list',
    'rpc.discover',
    'tools/unknown',
    'x'.repeat(5_000),
  ])('does not know the method %.40s in the modern era', async (method) => {
    const front = new FrontFixture();
    const params = '"taskId":"t1"';
    const [all, one] = [
      await front.modern(method, { params }),
      await front.modern(method, { params, path: '/mcp/files' }),
    ];
    expect(all.status).toBe(404);
    expect(all.json()).toMatchObject(refusal(-32601, 'OMNI_METHOD_UNKNOWN', 1));
    expect(one.status).toBe(404);
    expect(front.dispatch.calls).toEqual([]);
    expect(all.text().length).toBeLessThan(500);
  });

  it('takes modern notifications and does nothing', async () => {
    const front = new FrontFixture();
    const exchange = await front.post(
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
      ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'notifications/cancelled'],
    );
    expect(exchange.status).toBe(202);
    expect(exchange.text()).toBe('');
  });

  it('refuses responses of modern clients', async () => {
    const exchange = await new FrontFixture().post('{"jsonrpc":"2.0","id":1,"result":{}}', [
      'MCP-Protocol-Version',
      '2026-07-28',
    ]);
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject(refusal(-32600, 'OMNI_MESSAGE_INVALID'));
  });

  it.each([
    ['a batch', `[${modernText('tools/list')}]`],
    ['an empty batch', '[]'],
    ['a batch of one number', '[1]'],
  ])('refuses %s in the modern era', async (_what, body) => {
    const exchange = await new FrontFixture().post(body, ['MCP-Protocol-Version', '2026-07-28']);
    expect(exchange.status).toBe(400);
    expect(exchange.json()).toMatchObject({ id: null, error: { code: -32600 } });
  });

  it.each([
    ['unknown parameters', new GatewayError('OMNI_PARAMS_INVALID', 'no name'), 400, -32602],
    ['an unknown tool', new GatewayError('OMNI_NAME_UNKNOWN', 'no tool'), 200, -32602],
    ['a dead upstream', new GatewayError('OMNI_UPSTREAM_DOWN', 'dead'), 200, -31031],
    ['a failure nobody foresaw', GatewayError.from(new RangeError('secret')), 500, -32603],
  ])('tells %s by status and code', async (_what, error, status, code) => {
    const front = new FrontFixture();
    const exchange = await front.modern('tools/call', CALL);
    front.dispatch.last.fail(error);
    expect(exchange.status).toBe(status);
    expect(exchange.json()).toMatchObject(refusal(code, error.code, 1));
    expect(exchange.text()).not.toContain('secret');
  });

  it.each([
    ['the method', 'PUT', { type: 'text/plain', body: 'x'.repeat(20_000) }, 405, -32600],
    ['the content type', 'POST', { type: 'text/plain', body: 'x'.repeat(20_000) }, 415, -32600],
    ['the size', 'POST', { body: 'x'.repeat(20_000) }, 413, -32600],
    ['the JSON', 'POST', { body: '[no JSON', version: '2027-01-01' }, 400, -32700],
    ['the session of a batch', 'POST', { body: `[${legacyText('nothing')}]`, session: 'x' }, 404, -32001],
    ['the envelope', 'POST', { body: legacyText('nothing'), version: '2026-07-28' }, 400, -32602],
    [
      'the version',
      'POST',
      { body: modernText('nothing', { version: '2027-01-01' }), version: '2027-01-01' },
      400,
      -32022,
    ],
    ['the mirrored headers', 'POST', { body: modernText('nothing'), version: '2026-07-28' }, 400, -32020],
    [
      'whether there is such a method',
      'POST',
      { body: modernText('nothing'), version: '2026-07-28', method: 'nothing' },
      404,
      -32601,
    ],
  ] as const)(
    'checks %s before what comes after it [PROTO-R02]',
    async (_what, verb, wrong: Wrong, status, code) => {
      const headers = [
        ...(wrong.type === undefined ? GOOD : without('Content-Type', wrong.type)),
        ...(wrong.version === undefined ? [] : ['MCP-Protocol-Version', wrong.version]),
        ...(wrong.session === undefined ? [] : ['Mcp-Session-Id', wrong.session]),
        ...['Mcp-Method', wrong.method ?? 'another'],
      ];
      const exchange = await new FrontFixture().raw({ method: verb, headers, body: wrong.body });
      expect(exchange.status).toBe(status);
      expect(exchange.json()).toMatchObject({ error: { code } });
    },
  );

  it('uses the status that comes with an answer [PROTO-R03]', async () => {
    const front = new FrontFixture();
    const exchange = await front.modern('tools/call', CALL);
    front.dispatch.last.result('{}', 404);
    expect(exchange.status).toBe(404);
  });

  it('answers and goes on when something throws inside', async () => {
    const front = new FrontFixture();
    front.dispatch.failure = new RangeError('secret');
    const failed = await front.modern('tools/call', CALL);
    front.dispatch.failure = undefined;
    await front.modern('tools/call', CALL);
    expect(failed.status).toBe(500);
    expect(failed.json()).toMatchObject(refusal(-32603, 'OMNI_INTERNAL', 1));
    expect(front.dispatch.calls).toHaveLength(1);
    expect(front.complaints).toEqual(['a request failed inside Omni']);
    expect(failed.text()).not.toContain('secret');
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 1 });
  });

  it('answers when a handshake fails inside', async () => {
    const front = new FrontFixture();
    front.views.failure = new RangeError('secret');
    const exchange = await front.post(initializeText());
    expect(exchange.status).toBe(500);
    expect(exchange.json()).toMatchObject(refusal(-32603, 'OMNI_INTERNAL', 'hello'));
    expect(exchange.text()).not.toContain('secret');
    expect(front.complaints).toEqual(['a request failed inside Omni']);
  });

  // guard: reply/cancel-when-gone
  it('cancels the call when a modern client goes, and answers nothing', async () => {
    const front = new FrontFixture();
    const exchange = await front.modern('tools/call', CALL);
    exchange.leave();
    front.dispatch.last.result('{}');
    expect(front.dispatch.last.cancels).toEqual(['the client closed the connection']);
    expect(exchange.text()).toBe('');
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('cancels nothing when a client goes after its answer', async () => {
    const front = new FrontFixture();
    const exchange = await front.modern('tools/call', CALL);
    front.dispatch.last.result('{}');
    exchange.leave();
    expect(front.dispatch.last.cancels).toEqual([]);
  });

  // guard: admission/in-flight
  it('runs at most so many requests at once, and takes the next when one is done [S003-RM-02]', async () => {
    const front = new FrontFixture({ maxInFlight: 2 });
    await front.modern('tools/call', CALL);
    await front.modern('tools/call', CALL);
    const third = await front.modern('tools/call', CALL);
    expect(third.status).toBe(503);
    expect(third.json()).toMatchObject(refusal(-31020, 'OMNI_OVERLOADED', 1));
    expect(front.dispatch.calls).toHaveLength(2);
    expect(third.responseHeaders).toEqual(expect.arrayContaining(['Retry-After', '1']));
    front.dispatch.last.result('{}');
    await front.modern('tools/call', CALL);
    expect(front.dispatch.calls).toHaveLength(3);
  });

  it('serves another user while one has as many requests under way as there may be', async () => {
    const front = new FrontFixture({ maxInFlight: 4 });
    for (let call = 0; call < 4; call++) await front.modern('tools/call', { ...CALL, token: 'other' });
    expect((await front.modern('tools/call', { ...CALL, token: 'other' })).status).toBe(503);
    expect((await front.modern('tools/call', CALL)).state).toBe('none');
    expect(front.dispatch.calls).toHaveLength(5);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 5 });
  });

  it('counts each connection by itself where everybody is the same one', async () => {
    const anonymous: Principal = { id: 'anonymous', kind: 'anonymous' };
    const front = new FrontFixture({ maxInFlight: 4 }, { authentication: { authenticate: () => anonymous } });
    const on = (connection: string): Promise<RecordingExchange> =>
      front.raw({
        headers: [
          ...['Host', 'localhost', 'Content-Type', 'application/json', 'Mcp-Name', 'files__read'],
          ...['Accept', 'application/json, text/event-stream', 'Mcp-Method', 'tools/call'],
          ...['MCP-Protocol-Version', '2026-07-28'],
        ],
        body: modernText('tools/call', CALL),
        connection: { ...LOOPBACK_CONNECTION, connection },
      });
    const greedy = [];
    for (let call = 0; call < 5; call++) greedy.push((await on('connection-1')).status);
    expect(greedy).toEqual([0, 0, 0, 0, 503]);
    expect((await on('connection-2')).status).toBe(0);
  });

  it('tells its connection whose the answers are', async () => {
    const front = new FrontFixture();
    expect((await front.modern('server/discover')).principal).toMatchObject({ id: 'owner' });
    expect((await front.modern('server/discover', { token: 'nobody' })).principal).toBeUndefined();
  });

  it('gives two requests with the same id their own answers', async () => {
    const front = new FrontFixture();
    const [first, second] = [await front.modern('tools/call', CALL), await front.modern('tools/call', CALL)];
    front.dispatch.calls[1]?.result('{"of":2}');
    front.dispatch.calls[0]?.result('{"of":1}');
    expect(first.json()).toMatchObject({ result: { of: 1 } });
    expect(second.json()).toMatchObject({ result: { of: 2 } });
  });
});
