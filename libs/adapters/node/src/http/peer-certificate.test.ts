import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { PeerFacts, PeerCertificate } from '@omni/ports';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { accepted } from '../sockets/accepted.fixture.ts';
import { NodeHttpListener } from './http-listener.ts';
import type { TlsFiles } from './tls-files.ts';

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
/** Quoted values in which a careless reader would see a name of its own. */
const AGENT_NAMES = `[req]
distinguished_name = dn
prompt = no
[dn]
O = Example
CN = agent-7
[san]
subjectAltName = @names
[names]
DNS.1 = agent-7.example
IP.1 = 192.0.2.7
URI.1 = "urn:a, DNS:evil.example"
URI.2 = spiffe://example/agent-7
`;

let folder: string;
let files: Required<TlsFiles>;
let listener: NodeHttpListener;
let port: number;
let seen: PeerCertificate | undefined;

const at = (name: string): string => join(folder, name);

function openssl(...parts: string[]): void {
  execFileSync('openssl', parts, { stdio: 'ignore' });
}

function authority(name: string): void {
  const out = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)];
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  openssl('req', '-x509', ...EC, ...out, '-subj', `/CN=${name}`, ...names);
}

/** A certificate of the agent that an authority has signed. */
function agent(name: string, signer: string): void {
  const config = ['-config', at('agent.cnf')];
  openssl('req', ...EC, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), ...config);
  const by = ['-CA', at(`${signer}.pem`), '-CAkey', at(`${signer}.key`), '-CAcreateserial', '-days', '2'];
  const names = ['-extfile', at('agent.cnf'), '-extensions', 'san'];
  openssl('x509', '-req', '-in', at(`${name}.csr`), '-out', at(`${name}.pem`), ...by, ...names);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-client-certificates-'));
  await writeFile(at('agent.cnf'), AGENT_NAMES);
  for (const name of ['server', 'trusted', 'foreign']) authority(name);
  agent('agent', 'trusted');
  agent('forged', 'foreign');
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  files = { cert: at('server.pem'), key: at('server.key'), clientAuthorities: at('used.pem') };
  await copyFile(at('trusted.pem'), files.clientAuthorities);
  seen = undefined;
});
afterEach(() => listener.drain(0));

async function start(tls: TlsFiles, log: string[] = []): Promise<void> {
  listener = new NodeHttpListener({
    handler: (exchange) => {
      seen = exchange.peerCertificate;
      exchange.respond(200, [], JSON.stringify(factsOf(exchange)));
    },
    webSockets: {
      decide: (request) => {
        seen = request.peerCertificate;
        return accepted((open) => open({ onMessage() {}, onFramingError() {}, onClose() {} }));
      },
      maxMessageBytes: 1_000,
    },
    tls,
    tlsReloadMs: 10,
    logger: {
      debugging: false,
      debug() {},
      info: (_fields, message) => void log.push(message),
      warn: (_fields, message) => void log.push(message),
      error() {},
    },
  });
  ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
}

function factsOf({ listener: where, peerAddress, peerCertificate }: PeerFacts): Partial<PeerFacts> {
  return { listener: where, peerAddress, peerCertificate };
}

async function shown(name: string): Promise<{ readonly cert?: Buffer; readonly key?: Buffer }> {
  if (name === 'nothing') return {};
  return { cert: await readFile(at(`${name}.pem`)), key: await readFile(at(`${name}.key`)) };
}

/** Asks and shows a certificate. */
async function ask(name: string): Promise<string> {
  const pair = await shown(name);
  return await new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false, ...pair };
    const sent = requestTls(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the certificate of a client', () => {
  it('is shown with its names, as data', async () => {
    await start(files);
    const text = await ask('agent');
    const agentCertificate = {
      subject: 'O=Example\nCN=agent-7',
      issuer: 'CN=trusted',
      fingerprint: expect.stringMatching(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      alternativeNames: [
        'DNS:agent-7.example',
        'IP Address:192.0.2.7',
        'URI:urn:a, DNS:evil.example',
        'URI:spiffe://example/agent-7',
      ],
    };
    expect(seen).toEqual(agentCertificate);
    expect(JSON.parse(text)).toEqual({
      listener: { kind: 'https', host: '127.0.0.1', port },
      peerAddress: '127.0.0.1',
      peerCertificate: agentCertificate,
    });
  });

  it('is shown of an upgrade', async () => {
    await start(files);
    const webSocket = new WebSocket(`wss://127.0.0.1:${port}/mcp`, ['mcp'], {
      rejectUnauthorized: false,
      ...(await shown('agent')),
    });
    await once(webSocket, 'open');
    webSocket.terminate();
    expect(seen?.subject).toBe('O=Example\nCN=agent-7');
  });

  // guard: tls/unverified-certificate
  it.each(['forged', 'foreign', 'nothing'])('is absent for who shows %s, who is served', async (name) => {
    await start(files);
    expect(JSON.parse(await ask(name))).not.toHaveProperty('peerCertificate');
    expect(seen).toBeUndefined();
    await ask('agent');
    expect(seen).toBeDefined();
  });

  it('is asked for only where somebody is trusted to sign it', async () => {
    await start({ cert: files.cert, key: files.key });
    await ask('agent');
    expect(seen).toBeUndefined();
  });

  it('is absent in a session that is resumed and had none', async () => {
    await start(files);
    const first = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const session = once(first, 'session');
    await once(first, 'secureConnect');
    // The first argument of `session` is what resumes it.
    const [ticket] = (await session) as [Buffer];
    first.destroy();
    const second = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, session: ticket });
    second.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(second, 'data');
    expect(second.isSessionReused()).toBe(true);
    second.destroy();
    expect(seen).toBeUndefined();
  });

  it('is judged by the authorities of now, once their file has changed', async () => {
    const log: string[] = [];
    await start(files, log);
    await ask('agent');
    expect(seen?.issuer).toBe('CN=trusted');
    await copyFile(at('foreign.pem'), files.clientAuthorities);
    while (!log.some((line) => line.includes('was read again')))
      await new Promise((next) => setImmediate(next));
    await ask('agent');
    expect(seen).toBeUndefined();
    await ask('forged');
    expect(seen?.issuer).toBe('CN=foreign');
  });

  it('is judged by nobody when the file holds no authority: the listener does not start', async () => {
    await start({ cert: files.cert, key: files.key });
    await writeFile(files.clientAuthorities, 'nobody');
    const other = new NodeHttpListener({ handler: () => {}, tls: files });
    await expect(other.listen({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({
      code: 'OMNI_TLS_INVALID',
      message: expect.stringContaining(files.clientAuthorities),
    });
  });
});
