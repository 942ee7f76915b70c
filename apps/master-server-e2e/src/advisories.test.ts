import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSentinel, startTrap, type Sentinel } from './advisories/http-servers.ts';
import { sendRaw } from './advisories/raw-request.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { startRawHttpUpstream, type RawHttpUpstream } from './harness/raw-http-upstream.ts';
import {
  errorOf,
  legacyCall,
  MODERN,
  modernRequest,
  openRawSession,
  post,
  postModern,
} from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { fixtureEntry, scriptedEntry, sdk1Entry } from './harness/upstream-entries.ts';

/** One advisory per describe, named as it was published. What happened in an SDK is done to Omni here. */

const TOKEN = 'T0ken-of-this-test-which-no-server-may-see';
const UPSTREAM_TOKEN = 'Bearer of-the-upstream-alone';
const CLIENTS = 200;
const BODY_LIMIT = 4_194_304;
const HEAP_MIB = 80;
const AUTH = { authorization: `Bearer ${TOKEN}` };

let omni: Omni;
let record: string;
let plain: RawHttpUpstream;
let sentinel: Sentinel;

beforeAll(async () => {
  plain = await startRawHttpUpstream('legacy');
  sentinel = await startSentinel();
  const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  record = join(folder, 'record');
  const headers = { authorization: UPSTREAM_TOKEN, 'x-own-secret': 'upstream secret' };
  const redirecting = await startTrap((response) =>
    response.writeHead(307, { location: `${sentinel.origin}/stolen` }).end(),
  );
  const challenging = await startTrap((response) =>
    response
      .writeHead(401, {
        'www-authenticate': `Bearer resource_metadata="${sentinel.origin}/.well-known/oauth-protected-resource"`,
      })
      .end(),
  );
  const mcpServers = {
    sdk1: sdk1Entry(),
    fixture: fixtureEntry(),
    old: scriptedEntry(['--record', record]),
    plain: { type: 'http', url: plain.url, headers },
    redirecting: { type: 'http', url: redirecting, headers },
    challenging: { type: 'http', url: challenging, headers },
  };
  // So little that whoever builds the values of a few large bodies dies.
  const environment = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` };
  omni = await startOmni({ auth: { mode: 'token', token: TOKEN }, mcpServers }, { environment });
  await omni.ready();
}, 40_000);

afterAll(endEverything, 30_000);

/** Whether Omni serves a well-behaved client. */
async function isServing(): Promise<boolean> {
  const params = '"name":"old__echo","arguments":{"fine":1}';
  const answer = await postModern(
    omni.url,
    { id: '1', method: 'tools/call', name: 'old__echo', params },
    { headers: AUTH },
  );
  return answer.text.includes('"structuredContent":{"fine":1}');
}

describe('CVE-2026-25536 GHSA-345p-7cg4-v4c7: answers of one SDK 1.x server that clients share go to others by colliding ids', () => {
  // guard: advisory/CVE-2026-25536
  it(`gives each of ${CLIENTS} sessions with the same id its own answer`, async () => {
    const sessions = await Promise.all(
      Array.from({ length: CLIENTS }, () => openRawSession(omni.url, { headers: AUTH })),
    );
    const answers = await Promise.all(
      sessions.map((session, index) =>
        session.send(legacyCall('1', 'sdk1__add', `{"a":${index * 1_000},"b":7}`)),
      ),
    );
    expect(answers.map(({ text }) => /"sum":(\d+)/.exec(text)?.[1])).toEqual(
      sessions.map((_, index) => String(index * 1_000 + 7)),
    );
    await Promise.all(sessions.map((session) => session.end()));
  }, 30_000);
});

describe('CVE-2026-111770 GHSA-jm63-cq47-j5jp: the same with the server of SDK 2.x', () => {
  // guard: advisory/CVE-2026-111770
  it(`gives each of ${CLIENTS} modern requests with the same id its own answer`, async () => {
    const name = 'fixture__test_prompt_with_arguments';
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => {
        const params = `"name":"${name}","arguments":{"arg1":"canary ${index}.","arg2":"b"}`;
        return postModern(omni.url, { id: '1', method: 'prompts/get', name, params }, { headers: AUTH });
      }),
    );
    expect(answers.map(({ text }) => /canary (\d+)\./.exec(text)?.[1])).toEqual(
      answers.map((_, index) => String(index)),
    );
  }, 30_000);
});

describe('CVE-2026-111768 GHSA-46jr-4wx8-v453: a body of legal size exhausts the memory of whoever validates it', () => {
  const call = (args: string): string =>
    modernRequest({
      id: '1',
      method: 'tools/call',
      name: 'old__echo',
      params: `"name":"old__echo","arguments":${args}`,
    }).body;
  const { headers } = modernRequest({ id: '1', method: 'tools/call', name: 'old__echo' });
  const filler = BODY_LIMIT - 400;
  const bodies = {
    'an array of empty objects': call(`{"a":[${'{},'.repeat(filler / 3 - 1)}{}]}`),
    'an object of many keys': call(
      `{${Array.from({ length: filler / 11 - 1 }, (_, index) => `"${String(index).padStart(6, 'k')}":1`).join(',')}}`,
    ),
    'nested arrays': call(`{"a":${'['.repeat(filler / 2)}${']'.repeat(filler / 2)}}`),
  };

  for (const [what, body] of Object.entries(bodies)) {
    // guard: advisory/CVE-2026-111768-elements, advisory/CVE-2026-111768-depth
    it(`refuses ${what} at once, ten at a time, with a heap of ${HEAP_MIB} MiB`, async () => {
      expect(body.length).toBeLessThan(BODY_LIMIT);
      expect(body.length).toBeGreaterThan(BODY_LIMIT * 0.9);
      const begin = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => post(omni.url, body, { headers: { ...headers, ...AUTH } })),
      );
      expect(performance.now() - begin).toBeLessThan(3_000);
      expect(new Set(answers.map(({ status, text }) => `${status} ${errorOf(text)?.omni}`))).toEqual(
        new Set(['400 OMNI_MESSAGE_TOO_COMPLEX']),
      );
      expect(await isServing()).toBe(true);
      expect(omni.process.hasEnded).toBe(false);
    });
  }
});

describe('GHSA-f897-62hf-6gxq: there is no limit for bodies and batches', () => {
  // guard: advisory/GHSA-f897-declared
  it('refuses a declared gigabyte before it reads any of it', async () => {
    const answer = await sendRaw(omni.url, {
      headers: { ...AUTH, 'content-length': '1000000000' },
      chunks: [],
    });
    expect(answer.status).toBe(413);
    expect(errorOf(answer.body)?.omni).toBe('OMNI_BODY_TOO_LARGE');
  });

  // guard: advisory/GHSA-f897-chunked
  it('cuts a body without a declared end at the limit', async () => {
    const chunk = Buffer.alloc(65_536, 0x20);
    const chunks = Array.from({ length: 1_500 }, () => chunk);
    const answer = await sendRaw(omni.url, { headers: AUTH, chunks });
    // Who still writes may find the connection closed before the answer is read.
    expect([answer.status, answer.status === 413 ? errorOf(answer.body)?.omni : '']).toEqual(
      answer.status === 0 ? [0, ''] : [413, 'OMNI_BODY_TOO_LARGE'],
    );
    // Both ends have buffers in the operating system, too.
    expect(answer.written).toBeLessThan((chunks.length * chunk.length) / 2);
    expect(await isServing()).toBe(true);
  });

  // guard: advisory/GHSA-f897-batch
  it('refuses a batch of a hundred thousand, and runs none of it', async () => {
    const session = await openRawSession(omni.url, { version: '2025-03-26', headers: AUTH });
    const one =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"old__echo","arguments":{"batched":1}}}';
    const small = await session.send(`[${Array.from({ length: 101 }, () => one).join(',')}]`);
    const large = await session.send(`[${'{},'.repeat(100_000)}{}]`);
    expect([small, large].map(({ status, text }) => [status, errorOf(text)?.code])).toEqual([
      [400, -32600],
      [400, -32600],
    ]);
    expect(await readFile(record, 'utf8')).not.toContain('batched');
  });
});

describe('GHSA-rvq5-wwqv-78pq CVE-2026-116684: a token for somebody else is accepted, or the token of the client is passed on', () => {
  const tokens = {
    'a signed token for another audience':
      'eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.c2lnbmF0dXJl',
    'the token of the upstream': UPSTREAM_TOKEN.slice('Bearer '.length),
    'the beginning of the right one': TOKEN.slice(0, -1),
    'the right one and more': `${TOKEN}x`,
  };
  for (const [what, token] of Object.entries(tokens)) {
    // guard: advisory/GHSA-rvq5
    it(`refuses ${what} and says where a token is needed`, async () => {
      const answer = await postModern(
        omni.url,
        { id: '1', method: 'tools/list' },
        { headers: { authorization: `Bearer ${token}` } },
      );
      expect(answer.status).toBe(401);
      expect(errorOf(answer.text)?.omni).toBe('OMNI_AUTH_REQUIRED');
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    });
  }

  it('sends an upstream its own token and never that of the client [PROTO-R22]', async () => {
    const params = '"name":"plain__echo","arguments":{}';
    await postModern(
      omni.url,
      { id: '1', method: 'tools/call', name: 'plain__echo', params },
      { headers: AUTH },
    );
    const session = await openRawSession(omni.url, { headers: AUTH });
    await session.send(legacyCall('1', 'plain__echo'));
    expect(plain.headers.every(({ authorization }) => authorization === UPSTREAM_TOKEN)).toBe(true);
    expect(JSON.stringify(plain.headers) + plain.bodies.join('')).not.toContain(TOKEN);
    expect(omni.process.stderr).not.toContain(TOKEN);
  });
});

/** A call that ends with an error of the upstream, without anything having reached the sentinel. */
async function expectNothingStolen(server: string): Promise<void> {
  const before = sentinel.requests.length;
  const name = `${server}__trap`;
  const params = `"name":"${name}","arguments":{"secret":"argument secret"}`;
  const modern = await postModern(
    omni.url,
    { id: '1', method: 'tools/call', name, params },
    { headers: AUTH },
  );
  const session = await openRawSession(omni.url, { headers: AUTH });
  const legacy = await session.send(legacyCall('1', name, '{"secret":"argument secret"}'));
  for (const { messages } of [modern, legacy])
    expect(errorOf(messages.at(-1))?.omni).toMatch(/^OMNI_UPSTREAM_/);
  expect(sentinel.requests.slice(before)).toEqual([]);
}

describe('CVE-2026-104850 GHSA-6qxp-vccf-f47h: a server names the authorization server that gets the credentials', () => {
  it('sends nothing to where the challenge of an upstream points [PROTO-R24]', () =>
    expectNothingStolen('challenging'));
});

describe('CVE-2026-111769 GHSA-6prh-2h8m-c8cw: a redirect to another origin takes headers, session and body along', () => {
  // guard: advisory/CVE-2026-111769
  it('does not follow the redirect of an upstream [PROTO-R24]', () => expectNothingStolen('redirecting'));
});

describe('CVE-2025-66414 CVE-2025-66416: a web page reaches a local server by DNS rebinding', () => {
  const list = modernRequest({ id: '1', method: 'tools/list' });
  const cases = [
    { what: 'a foreign host', headers: { host: 'evil.example' } },
    { what: 'a foreign host with the right port', headers: { host: 'evil.example:PORT' } },
    { what: 'a name that only begins like a local one', headers: { host: 'localhost.evil.example:PORT' } },
    { what: 'a foreign origin', headers: { origin: 'http://evil.example' } },
    { what: 'the origin null', headers: { origin: 'null' } },
    { what: 'a foreign origin of the right port', headers: { origin: 'http://evil.example:PORT' } },
  ];
  for (const { what, headers } of cases) {
    // guard: advisory/CVE-2025-66414-host, advisory/CVE-2025-66416-origin
    it(`refuses ${what} without any setting, also with the right token [PROTO-R21]`, async () => {
      const own = Object.entries(headers).map(([name, value]) => [
        name,
        value.replace('PORT', new URL(omni.url).port),
      ]);
      const sent = {
        ...list.headers,
        ...AUTH,
        ...Object.fromEntries(own),
        'content-length': String(list.body.length),
      };
      expect((await sendRaw(omni.url, { headers: sent, chunks: [list.body] })).status).toBe(403);
    });
  }

  it('takes the same request without them', async () => {
    const headers = { ...list.headers, ...AUTH, 'content-length': String(list.body.length) };
    expect((await sendRaw(omni.url, { headers, chunks: [list.body] })).status).toBe(200);
  });
});

describe('CVE-2026-52869: a session can be used by whoever knows its id', () => {
  // guard: advisory/CVE-2026-52869
  it('serves a session to its own token and endpoint only [PROTO-R06]', async () => {
    const session = await openRawSession(omni.url, { headers: AUTH });
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const { authorization: _, ...anonymous } = session.headers;
    const foreign = { ...session.headers, authorization: 'Bearer somebody-else' };
    expect((await post(omni.url, ping, { headers: anonymous })).status).toBe(401);
    expect((await post(omni.url, ping, { headers: foreign })).status).toBe(401);
    expect((await post(`${omni.url}/old`, ping, { headers: session.headers })).status).toBe(404);
    expect((await fetch(omni.url, { method: 'DELETE', headers: anonymous })).status).toBe(401);
    expect((await fetch(omni.url, { headers: { ...foreign, accept: 'text/event-stream' } })).status).toBe(
      401,
    );
    expect((await session.send(ping)).text).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
});

describe('CVE-2026-27896: keys are read without regard to case', () => {
  const envelope = `"_meta":{"io.modelcontextprotocol/protocolVersion":"${MODERN}","io.modelcontextprotocol/clientCapabilities":{}}`;
  const params = `{${envelope},"name":"old__echo","arguments":{"folded":1}}`;
  const headers = {
    'mcp-protocol-version': MODERN,
    'mcp-method': 'tools/call',
    'mcp-name': 'old__echo',
    ...AUTH,
  };
  const bodies = {
    Method: `{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":${params}}`,
    'METHOD beside method': `{"jsonrpc":"2.0","id":1,"method":"no/such","METHOD":"tools/call","params":${params}}`,
    PARAMS: `{"jsonrpc":"2.0","id":1,"method":"tools/call","PARAMS":${params}}`,
    paramſ: `{"jsonrpc":"2.0","id":1,"method":"tools/call","paramſ":${params}}`,
    NAME: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params.replace('"name"', '"NAME"')}}`,
    'method twice, once escaped': `{"jsonrpc":"2.0","id":1,"method":"ping","\\u006dethod":"tools/call","params":${params}}`,
    'name twice, once escaped': `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params.replace('"name"', '"n\\u0061me":"old__pid","name"')}}`,
  };
  for (const [what, body] of Object.entries(bodies)) {
    // guard: advisory/CVE-2026-27896-case, advisory/CVE-2026-27896-escape
    it(`takes ${what} for no key of the protocol, and calls nothing`, async () => {
      const answer = await post(omni.url, body, { headers });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(errorOf(answer.text)).toBeDefined();
      expect(await readFile(record, 'utf8')).not.toContain('folded');
    });
  }
});
