import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { errorOf, legacyCall, modernRequest, post, textOf } from './harness/raw-mcp.ts';
import { createModernClient, createSdk1Client } from './harness/sdk-clients.ts';
import {
  OMNI_ARGUMENTS,
  runOmni,
  StartedProcess,
  startOmni,
  startOmniIn,
  writeConfiguration,
  type Omni,
} from './harness/start-omni.ts';
import { scriptedEntry, sdk1Entry } from './harness/upstream-entries.ts';
import { ClientTransport } from './transports/client-transport.ts';
import {
  startPersistentUpstream,
  type PersistentKind,
  type PersistentUpstream,
} from './transports/persistent-upstream.ts';
import {
  ask,
  connectSocket,
  connectWebSocket,
  UpgradeRefused,
  type TextConnection,
} from './transports/text-connection.ts';

const TOKEN = 'canary-token-0123456789';
const HELLO =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}';
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

let folder: string;
/** Open to this machine, on every front. */
let omni: Omni;
let unixPath: string;
let tcpPort: number;
let webSocketUrl: string;
/** Asks for a token; its owner's socket does not. */
let guarded: Omni;
let guardedSocket: string;
const upstreams = new Map<string, PersistentUpstream>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-transports-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const persistent: Record<string, unknown> = {};
  for (const kind of ['unix', 'tcp', 'ws'] as const)
    for (const era of ['legacy', 'modern'] as const) {
      const name = `${kind}-${era}`;
      const upstream = await startPersistentUpstream(kind, ['--era', era], join(folder, `${name}.sock`));
      upstreams.set(name, upstream);
      persistent[name] = {
        url: upstream.url,
        ...(kind === 'ws' ? { headers: { 'X-Upstream-Key': 'canary-key' } } : {}),
      };
    }
  unixPath = join(folder, 'front.sock');
  omni = await startOmni({
    server: { unixSocket: unixPath, tcp: '127.0.0.1:0' },
    limits: { maxBodyBytes: 65_536 },
    mcpServers: {
      scripted: scriptedEntry(['--record', join(folder, 'record')]),
      sdk1: sdk1Entry(),
      ...persistent,
    },
  });
  await omni.ready();
  webSocketUrl = omni.url.replace('http:', 'ws:');
  tcpPort = Number(/and on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(omni.process.stderr)?.[1]);
  guarded = await startOmni({
    auth: { mode: 'token', token: TOKEN },
    server: { unixSocket: true },
    mcpServers: { scripted: scriptedEntry() },
  });
  await guarded.ready();
  guardedSocket = join(guarded.folder, 'state', 'omni.sock');
}, 40_000);

afterAll(endEverything);

const FRONTS: readonly [string, () => Promise<TextConnection>][] = [
  ['a Unix socket', () => connectSocket({ path: unixPath })],
  ['TCP', () => connectSocket({ host: '127.0.0.1', port: tcpPort })],
  ['a WebSocket', () => connectWebSocket(webSocketUrl)],
];

describe.each(FRONTS)('the front on %s', (_name, connect) => {
  it('takes both eras on one connection, byte for byte [PROTO-R08]', async () => {
    const connection = await connect();
    expect(await ask(connection, '0', HELLO)).toContain('"protocolVersion":"2025-11-25"');
    connection.send(INITIALIZED);
    const legacy = await ask(
      connection,
      '"legacy"',
      legacyCall('"legacy"', 'scripted__echo', '{"n":9007199254740993}'),
    );
    const modern = await ask(
      connection,
      '"modern"',
      modernRequest({
        id: '"modern"',
        method: 'tools/call',
        params: '"name":"scripted__echo","arguments":{"n":1.0,"é":"\\u00e9"}',
      }).body,
    );
    expect(legacy).toContain('"structuredContent":{"n":9007199254740993}');
    expect(modern).toContain('"structuredContent":{"n":1.0,"é":"\\u00e9"}');
  });

  it.each(['legacy', 'modern', 'auto'] as const)(
    'serves a client on SDK 2.x in %s mode, questions of the servers included',
    async (mode) => {
      const asked: string[] = [];
      const client = createModernClient(mode, asked);
      await client.connect(new ClientTransport(await connect()));
      atEnd(() => client.close());
      const names = (await client.listTools()).tools.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['scripted__echo', 'sdk1__add']));
      const { content } = await client.callTool({ name: 'sdk1__ask_form', arguments: {} });
      expect(content).toMatchObject([{ text: expect.stringContaining('accept') }]);
      expect(asked).toEqual(['elicitation form']);
    },
  );

  it('keeps sessions of different connections apart, and ends one with its connection', async () => {
    const [first, second] = [await connect(), await connect()];
    await ask(first, '0', HELLO);
    // The second has no session: what the first negotiated is not its own.
    expect(errorOf(await ask(second, '1', legacyCall('1', 'scripted__pid')))?.omni).toBe(
      'OMNI_SESSION_NOT_INITIALIZED',
    );
    first.close();
    await first.closed;
    expect(await ask(second, '2', '{"jsonrpc":"2.0","id":2,"method":"ping"}')).toContain('"result":{}');
  });

  it('serves 100 calls at once on one connection, each with its own answer', async () => {
    const connection = await connect();
    const ids = Array.from({ length: 100 }, (_, index) => index + 1);
    for (const id of ids)
      connection.send(
        modernRequest({
          id: String(id),
          method: 'tools/call',
          params: `"name":"scripted__echo","arguments":{"n":${id}}`,
        }).body,
      );
    await eventually('all answers', () => connection.received.length >= ids.length);
    for (const id of ids)
      expect(
        connection.received.filter(
          (text) => text.includes(`"id":${id},`) && text.includes(`"structuredContent":{"n":${id}}`),
        ),
      ).toHaveLength(1);
  });
});

describe('the front on a WebSocket', () => {
  it('serves the WebSocket client of SDK 1.x', async () => {
    const asked: string[] = [];
    const client = createSdk1Client(asked);
    await client.connect(new WebSocketClientTransport(new URL(webSocketUrl)));
    atEnd(() => client.close());
    expect(await client.callTool({ name: 'sdk1__ask_form' })).toMatchObject({
      content: [{ text: 'accept {"name":"Ada"}' }],
    });
    expect(asked).toEqual(['elicitation form']);
  });

  it('shows one server alone under its own names at its path', async () => {
    const connection = await connectWebSocket(`${webSocketUrl}/scripted`);
    const listed = await ask(connection, '1', modernRequest({ id: '1', method: 'tools/list' }).body);
    expect(listed).toContain('"name":"echo"');
    expect(listed).not.toContain('scripted__');
  });

  it.each<[string, number, string, string, Readonly<Record<string, string>>]>([
    ['no token', 401, 'OMNI_AUTH_REQUIRED', '/mcp', {}],
    ['a wrong token', 401, 'OMNI_AUTH_REQUIRED', '/mcp', { Authorization: 'Bearer wrong' }],
    ['a token in the query', 401, 'OMNI_AUTH_REQUIRED', `/mcp?token=${TOKEN}`, {}],
    [
      'a foreign page',
      403,
      'OMNI_ORIGIN_FORBIDDEN',
      '/mcp',
      { Origin: 'https://evil.example', Authorization: `Bearer ${TOKEN}` },
    ],
    [
      'a rebound name',
      403,
      'OMNI_HOST_FORBIDDEN',
      '/mcp',
      { Host: 'evil.example', Authorization: `Bearer ${TOKEN}` },
    ],
    [
      'a server that is not there',
      404,
      'OMNI_SERVER_UNKNOWN',
      '/mcp/nowhere',
      { Authorization: `Bearer ${TOKEN}` },
    ],
    ['a path that is none', 404, 'OMNI_PATH_UNKNOWN', '/health/live', { Authorization: `Bearer ${TOKEN}` }],
  ])('refuses the upgrade for %s with %i', async (_name, status, code, path, headers) => {
    const url = guarded.origin.replace('http:', 'ws:') + path;
    const refused: unknown = await connectWebSocket(url, { headers }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UpgradeRefused);
    // The line above has told.
    const { status: seen, body, challenge } = refused as UpgradeRefused;
    expect(seen).toBe(status);
    expect(errorOf(body)?.omni).toBe(code);
    expect(challenge?.startsWith('Bearer') ?? false).toBe(status === 401);
    // With a good token and no foreign page the same Omni upgrades.
    const good = await connectWebSocket(guarded.url.replace('http:', 'ws:'), {
      headers: { Authorization: `Bearer ${TOKEN}`, Origin: 'http://localhost:3000' },
    });
    expect(await ask(good, '1', modernRequest({ id: '1', method: 'tools/list' }).body)).toContain(
      'scripted__echo',
    );
  });

  it('refuses sub-protocols without mcp', async () => {
    const refused: unknown = await connectWebSocket(webSocketUrl, { protocols: ['graphql-ws'] }).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({
      status: 400,
      body: expect.stringContaining('OMNI_SUBPROTOCOL_UNSUPPORTED'),
    });
  });

  it('closes on a frame beyond the limit with 1009, and hurts nobody else', async () => {
    const [bad, good] = [await connectWebSocket(webSocketUrl), await connectWebSocket(webSocketUrl)];
    const call = (id: string, length: number): string =>
      modernRequest({
        id,
        method: 'tools/call',
        params: `"name":"scripted__echo","arguments":{"text":"${'x'.repeat(length)}"}`,
      }).body;
    expect(await ask(bad, '1', call('1', 60_000))).toContain('"structuredContent"');
    bad.send(call('2', 70_000));
    expect(await bad.closed).toBe(1009);
    expect(await ask(good, '3', call('3', 10))).toContain('"structuredContent"');
  });
});

describe('the front on a socket', () => {
  it('skips a line beyond the limit and serves on', async () => {
    const connection = await connectSocket({ path: unixPath });
    connection.send(`{"text":"${'x'.repeat(70_000)}"}`);
    await eventually('the refusal', () => connection.received.length === 1);
    expect(errorOf(connection.received[0])?.omni).toBe('OMNI_BODY_TOO_LARGE');
    expect(await ask(connection, '1', '{"jsonrpc":"2.0","id":1,"method":"ping"}')).toContain('"result":{}');
  });

  // guard: process/raw-tcp
  it('does not obey the HTTP request of a web page', async () => {
    const bodyOf = (from: string): string =>
      modernRequest({
        id: '1',
        method: 'tools/call',
        params: `"name":"scripted__echo","arguments":{"from":"${from}"}`,
      }).body;
    const answer: unknown = await fetch(`http://127.0.0.1:${tcpPort}/`, {
      method: 'POST',
      body: `${bodyOf('page')}\n`,
    }).catch(() => 'none');
    expect(answer).toBe('none');
    // The same message without a head in front of it is served.
    expect(
      await ask(await connectSocket({ host: '127.0.0.1', port: tcpPort }), '1', bodyOf('client')),
    ).toContain('"structuredContent"');
    const received = await readFile(join(folder, 'record'), 'utf8');
    expect(received).not.toContain('"from":"page"');
    expect(received).toContain('"from":"client"');
  });

  const itWithModes = process.platform === 'win32' ? it.skip : it;

  itWithModes('asks the owner for no token, and lets nobody else in: mode 0600', async () => {
    expect((await stat(guardedSocket)).mode & 0o777).toBe(0o600);
    expect(guarded.process.stderr).toContain(`omni: and on unix:${guardedSocket}\n`);
    const connection = await connectSocket({ path: guardedSocket });
    expect(await ask(connection, '1', modernRequest({ id: '1', method: 'tools/list' }).body)).toContain(
      'scripted__echo',
    );
    // Over HTTP the same request without a token is refused.
    expect((await post(guarded.url, HELLO)).status).toBe(401);
  });

  it('takes the place of an Omni that was killed, and leaves none behind when it stops', async () => {
    const prepared = await writeConfiguration({ server: { unixSocket: './omni.sock' }, mcpServers: {} });
    const path = join(prepared.folder, 'omni.sock');
    const killed = await startOmniIn(prepared);
    killed.process.signal('SIGKILL');
    await killed.process.ended;
    expect((await stat(path)).isSocket()).toBe(true);
    const next = await startOmniIn(prepared);
    expect(
      await ask(await connectSocket({ path }), '1', '{"jsonrpc":"2.0","id":1,"method":"ping"}'),
    ).toContain('"result":{}');
    const other = {
      ...prepared,
      environment: { ...prepared.environment, OMNI_HOME: join(prepared.folder, 'other') },
    };
    await expect(startOmniIn(other)).rejects.toThrow('OMNI_LISTEN_IN_USE');
    expect(await next.process.stop()).toEqual({ code: 0, signal: null });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  }, 30_000);

  it('is not served on TCP where a token is asked for', async () => {
    const prepared = await writeConfiguration({
      auth: { mode: 'token' },
      server: { tcp: '127.0.0.1:0' },
      mcpServers: {},
    });
    const { code, stderr } = await runOmni(
      ['serve', '--config', prepared.configFile, '--listen', '127.0.0.1:0'],
      prepared.environment,
    );
    expect(code).toBe(4);
    expect(stderr).toContain('server.tcp cannot ask for a token');
  });
});

describe.each(['unix', 'tcp', 'ws'] as const)('an upstream on %s', (kind: PersistentKind) => {
  it.each(['legacy', 'modern'])('is reached in the %s era from both, byte for byte', async (era) => {
    const connection = await connectWebSocket(webSocketUrl);
    await ask(connection, '0', HELLO);
    connection.send(INITIALIZED);
    const name = `${kind}-${era}__echo`;
    const legacy = await ask(connection, '1', legacyCall('1', name, '{"n":9007199254740993}'));
    const modern = await ask(
      connection,
      '2',
      modernRequest({ id: '2', method: 'tools/call', params: `"name":"${name}","arguments":{"n":1.0}` }).body,
    );
    expect(legacy).toContain('{"n":9007199254740993}');
    expect(modern).toContain('{"n":1.0}');
  });

  it('fails the calls of a connection that breaks with its name, and connects again by itself', async () => {
    const name = `${kind}-legacy`;
    const upstream = upstreams.get(name);
    const before = upstream?.connections ?? 0;
    const connection = await connectWebSocket(webSocketUrl);
    const call = (id: string, tool: string): string =>
      modernRequest({ id, method: 'tools/call', params: `"name":"${name}__${tool}","arguments":{}` }).body;
    const pending = ask(connection, '1', call('1', 'never'));
    await eventually(
      'the call is under way',
      async () => (await ask(connection, '2', call('2', 'pid'))) !== '',
    );
    upstream?.breakAll();
    const code = kind === 'unix' ? 'OMNI_UPSTREAM_EXITED' : 'OMNI_UPSTREAM_UNREACHABLE';
    expect(errorOf(await pending)).toMatchObject({
      cause: code,
      message: expect.stringContaining(`"${name}"`),
    });
    let id = 2;
    await eventually(
      'it is back',
      async () => textOf(await ask(connection, String(++id), call(String(id), 'pid'))) !== undefined,
    );
    expect(upstream?.connections).toBeGreaterThan(before);
  });
});

describe('an upstream on ws', () => {
  it('gets the configured headers and no others of a client [PROTO-R23]', () => {
    const [headers] = upstreams.get('ws-legacy')?.headers ?? [];
    expect(headers).toMatchObject({ 'x-upstream-key': 'canary-key', 'sec-websocket-protocol': 'mcp' });
    expect(headers?.authorization).toBeUndefined();
    expect(omni.process.stderr).not.toContain('canary-key');
  });
});

describe('TLS', () => {
  it('serves HTTPS and WSS, and the renewed certificate without a restart [S002-ARC-01]', async () => {
    makeCertificate('first');
    makeCertificate('second');
    const tls = { cert: join(folder, 'used.pem'), key: join(folder, 'used.key') };
    const use = async (name: string): Promise<void> => {
      await copyFile(join(folder, `${name}.key`), tls.key);
      await copyFile(join(folder, `${name}.pem`), tls.cert);
    };
    await use('first');
    const { configFile, environment } = await writeConfiguration({
      server: { tls },
      mcpServers: { scripted: scriptedEntry() },
    });
    const started = new StartedProcess(
      process.execPath,
      [...OMNI_ARGUMENTS, 'serve', '--config', configFile, '--listen', '127.0.0.1:0'],
      environment,
    );
    atEnd(async () => void (await started.stop()));
    const url = await eventually(
      'the URL',
      () => /listening on (https:\/\/127\.0\.0\.1:\d+\/mcp)/.exec(started.stderr)?.[1],
      20_000,
    );
    const [first, second] = [
      await readFile(join(folder, 'first.pem')),
      await readFile(join(folder, 'second.pem')),
    ];

    const { body, headers } = modernRequest({ id: '1', method: 'tools/list' });
    expect(await postOverTls(url, body, headers, first)).toContain('scripted__echo');
    const webSocket = await connectWebSocket(url.replace('https:', 'wss:'), { ca: first });
    expect(await ask(webSocket, '1', body)).toContain('scripted__echo');
    await expect(postOverTls(url, body, headers, second)).rejects.toThrow();

    await use('second');
    const isServed = (): Promise<boolean> =>
      postOverTls(url, body, headers, second).then(
        (text) => text.includes('scripted__echo'),
        () => false,
      );
    await eventually('the renewed certificate', isServed, 20_000);
    // Connections that stand are not cut by it.
    expect(await ask(webSocket, '2', modernRequest({ id: '2', method: 'tools/list' }).body)).toContain(
      'scripted__echo',
    );
  }, 50_000);

  it('does not start without its files, and says which', async () => {
    const missing = join(folder, 'nothing.pem');
    const prepared = await writeConfiguration({
      server: { tls: { cert: missing, key: missing } },
      mcpServers: {},
    });
    const { code, stderr } = await runOmni(
      ['serve', '--config', prepared.configFile, '--listen', '127.0.0.1:0'],
      prepared.environment,
    );
    expect(code).toBe(4);
    expect(stderr).toContain(missing);
  });
});

/** `NAME.pem` and `NAME.key` in the folder, signed with itself. */
function makeCertificate(name: string): void {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      ...files,
      ...subject,
    ],
    { stdio: 'ignore' },
  );
}

function postOverTls(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  ca: Buffer,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const all = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    };
    const sent = request(url, { method: 'POST', headers: all, ca, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
