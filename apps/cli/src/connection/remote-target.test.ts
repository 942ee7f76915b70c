import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ownerProof as proofOfTheGateway } from '@omni/node';
import { ownerProof } from './owner-check.ts';
import { openRemoteTarget } from './remote-target.ts';

let folder: string;
let server: Server;
let origin: string;
let body: string;
/** What it says to who asks for a proof. */
let answer: (nonce: string) => string;
const TOKEN = 'token-of-this-user';
const HOST = '127.0.0.1';
const placeOf = (url: string, host = HOST) => ({ host, port: Number(new URL(url).port) });
const requests: { readonly path: string | undefined; readonly authorization: string | undefined }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-remote-'));
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'home', 'token'), 'token-of-this-user\n', { mode: 0o600 });
  server = createServer((request, response) => {
    const nonce = /\/health\/owner\/(.+)$/.exec(request.url ?? '')?.[1];
    if (nonce !== undefined) return response.end(answer(nonce));
    requests.push({ path: request.url, authorization: request.headers.authorization });
    return response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server on an IP address has an address of this form.
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  requests.length = 0;
  body = '{"status":"pass","details":{}}';
  answer = (nonce) => JSON.stringify({ proof: ownerProof(TOKEN, nonce, placeOf(origin)) });
});

const { signal } = new AbortController();

async function ask(
  url: string,
  token: string | undefined,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const target = await openRemoteTarget({ url, token }, { OMNI_HOME: join(folder, 'home'), ...environment });
  await target.servers(signal);
}

describe('openRemoteTarget', () => {
  it.each([
    ['', '/health/ready'],
    ['/', '/health/ready'],
    ['/mcp', '/health/ready'],
    ['/mcp/', '/health/ready'],
    ['/proxied/mcp', '/proxied/health/ready'],
  ])('finds the pages of a gateway given as origin%s', async (path, health) => {
    await ask(origin + path, undefined);

    expect(requests[0]?.path).toBe(health);
  });

  it('shows the token of this user to a gateway of this machine', async () => {
    await ask(origin, undefined);

    expect(requests[0]?.authorization).toBe('Bearer token-of-this-user');
  });

  // guard: cli/owner-proof
  it.each<[string, () => (nonce: string) => string]>([
    ['says nothing of the kind', () => () => '{"status":"pass"}'],
    ['makes something up', () => () => JSON.stringify({ proof: 'A'.repeat(43) })],
    ['repeats what it was asked', () => (nonce) => JSON.stringify({ proof: nonce })],
    [
      'passes on the proof of the Omni on another port',
      () => (nonce) =>
        JSON.stringify({ proof: ownerProof(TOKEN, nonce, { host: HOST, port: placeOf(origin).port + 1 }) }),
    ],
    [
      'passes on the proof of the Omni on the same port of another address',
      () => (nonce) => JSON.stringify({ proof: ownerProof(TOKEN, nonce, placeOf(origin, '::1')) }),
    ],
    [
      'has another token',
      () => (nonce) => JSON.stringify({ proof: ownerProof('another', nonce, placeOf(origin)) }),
    ],
    [
      'repeats a proof of before',
      () => () => JSON.stringify({ proof: ownerProof(TOKEN, 'earlier', placeOf(origin)) }),
    ],
    ['says more than a proof', () => () => 'x'.repeat(5_000_000)],
  ])('does not show the token to a program of this machine that %s', async (_what, says) => {
    answer = says();
    await ask(origin, undefined);
    expect(requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('shows it to one that listens on all addresses', async () => {
    answer = (nonce) => JSON.stringify({ proof: ownerProof(TOKEN, nonce, placeOf(origin, '0.0.0.0')) });
    await ask(origin, undefined);
    expect(requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`]);
  });

  it('shows it to the address behind localhost that has proved to know it, and to no other', async () => {
    const { port } = placeOf(origin);
    const other: (string | undefined)[] = [];
    // Asks the real one, and hands its proof on.
    const relay = createServer((request, response) => {
      other.push(request.headers.authorization);
      void fetch(`${origin}${request.url}`).then(async (real) => response.end(await real.text()));
    });
    relay.listen(port, '::1');
    await once(relay, 'listening');
    await ask(`http://localhost:${port}`, undefined);
    relay.closeAllConnections();
    relay.close();
    expect(requests.map(({ authorization }) => authorization)).toEqual([`Bearer ${TOKEN}`]);
    expect(other.filter((authorization) => authorization !== undefined)).toEqual([]);
  });

  it('says why it has shown no token, and what to do', async () => {
    answer = () => '';
    body = '{"status":"pass"}';
    await expect(ask(origin, undefined)).rejects.toMatchObject({
      code: 'OMNI_AUTH_REQUIRED',
      message: expect.stringContaining('has not proved to be the Omni of this user'),
      hint: expect.stringContaining('--token'),
    });
  });

  it('asks for the proof that the gateway gives', () => {
    const place = { host: '::1', port: 7431 };
    expect(ownerProof(TOKEN, 'nonce', place)).toBe(proofOfTheGateway(TOKEN, 'nonce', place));
  });

  it('takes the option before OMNI_TOKEN before the file', async () => {
    await ask(origin, undefined, { OMNI_TOKEN: 'from-environment' });
    await ask(origin, 'from-option', { OMNI_TOKEN: 'from-environment' });

    expect(requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer from-environment',
      'Bearer from-option',
    ]);
  });

  it('keeps the token of this user on this machine', async () => {
    const fetched = jest.spyOn(globalThis, 'fetch').mockImplementation((url) => {
      const nonce = /\/health\/owner\/(.+)$/.exec(url instanceof Request ? url.url : url.toString())?.[1];
      const text =
        nonce === undefined
          ? body
          : JSON.stringify({ proof: ownerProof(TOKEN, nonce, { host: HOST, port: 1 }) });
      return Promise.resolve(new Response(text));
    });
    const authorizations = (): readonly (string | null)[] =>
      fetched.mock.calls.map(([, init]) => new Headers(init?.headers).get('authorization'));
    await ask('https://mcp.example', undefined);
    await ask('https://127.0.0.1.example', undefined);
    await ask('http://localhost:1', undefined);
    const seen = authorizations();
    fetched.mockRestore();

    // The last but one asks for the proof.
    expect(seen).toEqual([null, null, null, 'Bearer token-of-this-user']);
  });

  it.each([['nonsense'], ['ftp://127.0.0.1'], ['http://user:pass@127.0.0.1'], ['http://127.0.0.1/?x=1']])(
    'refuses %s',
    async (url) => {
      await expect(ask(url, undefined)).rejects.toMatchObject({ code: 'OMNI_USAGE' });
    },
  );

  it('refuses a token that no header can carry, without quoting it', async () => {
    await expect(ask(origin, 'canary\r\nX: y')).rejects.toMatchObject({
      code: 'OMNI_USAGE',
      message: expect.not.stringContaining('canary'),
    });
  });
});
