import { createServer, type IncomingMessage, type Server } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

interface KeptRecord {
  readonly versions: (Readonly<Record<string, unknown>> | undefined)[];
}

interface KnownToken {
  leaseS: number;
  renewable: boolean;
}

/** An answer: status and body. */
type Answer = readonly [status: number, body?: unknown];

/**
 * A Vault, as its published API describes it: tokens, AppRole, KV version 2 with check-and-set, transit.
 * Nothing was compared with a real one.
 */
export class VaultServer {
  readonly tokens = new Map<string, KnownToken>();
  /** Requests, without their bodies. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  isSealed = false;
  /** Answers nothing at all. */
  isSilent = false;
  roleId = 'role-id-1';
  secretId = 'secret-id-1';
  logins = 0;
  /** Called before a record is written. */
  onWrite: (() => void) | undefined;
  readonly #records = new Map<string, KeptRecord>();
  readonly #wrapped = new Map<string, readonly [plaintext: string, context: string]>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      request.on('end', () => {
        if (this.isSilent) return;
        this.headers.push(request.headers);
        const sent = text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
        const [status, body] = this.#answer(request, sent);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(body === undefined ? '' : JSON.stringify(body));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  put(path: string, fields: Readonly<Record<string, unknown>>): void {
    this.#record(path).versions.push(fields);
  }

  fields(path: string): Readonly<Record<string, unknown>> | undefined {
    return this.#records.get(path)?.versions.at(-1);
  }

  #record(path: string): KeptRecord {
    let record = this.#records.get(path);
    if (record === undefined) this.#records.set(path, (record = { versions: [] }));
    return record;
  }

  #answer(request: IncomingMessage, body: Readonly<Record<string, unknown>>): Answer {
    const { method = '', url = '', headers } = request;
    const { pathname, searchParams } = new URL(url, 'http://vault.test');
    const path = decodeURIComponent(pathname.slice('/v1/'.length));
    this.requests.push(`${method} ${path}`);
    if (path === 'sys/health') return [this.isSealed ? 503 : 200, { sealed: this.isSealed }];
    if (this.isSealed) return [503, { errors: ['Vault is sealed'] }];
    if (path === 'auth/approle/login') return this.#login(body);
    const given = String(headers['x-vault-token']);
    const token = this.tokens.get(given);
    if (token === undefined) return [403, { errors: ['permission denied'] }];
    const lease = { client_token: given, lease_duration: token.leaseS, renewable: token.renewable };
    if (path === 'auth/token/lookup-self')
      return [200, { data: { ttl: token.leaseS, renewable: token.renewable } }];
    if (path === 'auth/token/renew-self')
      return token.renewable ? [200, { auth: lease }] : [400, { errors: ['lease is not renewable'] }];
    if (path.startsWith('transit/')) return this.#transit(path, body);
    const [, kind, name = ''] = /^secret\/(data|metadata)\/(.*)$/.exec(path) ?? [];
    if (kind === undefined) return [404, { errors: [] }];
    if (name.startsWith('forbidden'))
      return [403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] }];
    if (kind === 'metadata' && searchParams.get('list') === 'true') return this.#list(name);
    return this.#data(method, name, body);
  }

  #login({ role_id: roleId, secret_id: secretId }: Readonly<Record<string, unknown>>): Answer {
    if (roleId !== this.roleId || secretId !== this.secretId)
      return [400, { errors: [`invalid role or secret ID ${String(secretId)}`] }];
    const value = `hvs.${randomUUID()}`;
    this.logins++;
    this.tokens.set(value, { leaseS: 60, renewable: true });
    return [200, { auth: { client_token: value, lease_duration: 60, renewable: true } }];
  }

  #data(method: string, name: string, { data, options }: Readonly<Record<string, unknown>>): Answer {
    const record = this.#records.get(name);
    const version = record?.versions.length ?? 0;
    const latest = record?.versions.at(-1);
    if (method === 'GET') {
      if (record === undefined) return [404, { errors: [] }];
      const metadata = {
        version,
        deletion_time: latest === undefined ? '2026-01-01T00:00:00Z' : '',
        destroyed: false,
      };
      // A deleted version is 404 with its metadata.
      return [latest === undefined ? 404 : 200, { data: { data: latest ?? null, metadata } }];
    }
    if (method === 'DELETE') {
      record?.versions.push(undefined);
      return [204];
    }
    this.onWrite?.();
    const { cas } = (options ?? {}) as { readonly cas?: number };
    if (cas !== undefined && cas !== (this.#records.get(name)?.versions.length ?? 0))
      return [400, { errors: ['check-and-set parameter did not match the current version'] }];
    this.put(name, data as Readonly<Record<string, unknown>>);
    return [200, { data: { version: this.#records.get(name)?.versions.length } }];
  }

  #list(folder: string): Answer {
    const keys = new Set<string>();
    for (const [name, { versions }] of this.#records) {
      if (!name.startsWith(folder) || versions.at(-1) === undefined) continue;
      const rest = name.slice(folder.length);
      keys.add(rest.includes('/') ? rest.slice(0, rest.indexOf('/') + 1) : rest);
    }
    return keys.size === 0 ? [404, { errors: [] }] : [200, { data: { keys: [...keys] } }];
  }

  #transit(path: string, body: Readonly<Record<string, unknown>>): Answer {
    const context = String(body['associated_data']);
    if (path === 'transit/encrypt/omni') {
      const ciphertext = `vault:v1:${randomUUID()}`;
      this.#wrapped.set(ciphertext, [String(body['plaintext']), context]);
      return [200, { data: { ciphertext } }];
    }
    const found = this.#wrapped.get(String(body['ciphertext']));
    return found === undefined || found[1] !== context
      ? [400, { errors: ['cipher: message authentication failed'] }]
      : [200, { data: { plaintext: found[0] } }];
  }
}
