import { type CancelTimer, type Clock, GatewayError, systemClock } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';
import { isLoopback } from '../http/client/proxy-rules.ts';

/** How Omni proves itself to Vault. Values are asked for when they are needed. */
export type VaultLogin =
  | { readonly kind: 'token'; readonly token: () => Promise<string> }
  | {
      readonly kind: 'approle';
      /** Where the method is mounted. Default: `approle`. */
      readonly mount?: string;
      readonly roleId: () => Promise<string>;
      readonly secretId: () => Promise<string>;
    };

export interface VaultClientOptions {
  /** `https://vault.example.com:8200`; `http:` on this machine only. */
  readonly address: string;
  readonly login: VaultLogin;
  /** Of Vault Enterprise and OpenBao. Default: none. */
  readonly namespace?: string;
  /** Default: the runtime's. */
  readonly clock?: Clock;
}

/** What Vault has answered: members of JSON, by name. */
export type VaultAnswer = Readonly<Record<string, unknown>>;

export interface VaultCall {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'LIST';
  /** Behind `/v1/`; names are encoded by the caller. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

interface Token {
  readonly value: string;
  readonly isRenewable: boolean;
}

const MAX_ANSWER_BYTES = 4 * 1_048_576;
const LONGEST_CALL_MS = 10_000;
/** A lease is renewed when this share of it is over. */
const RENEWED_AT = 2 / 3;
const LOOKUP: VaultCall = { method: 'GET', path: 'auth/token/lookup-self' };

/**
 * The HTTP API of HashiCorp Vault and OpenBao ("HTTP API", "AppRole auth method", "Token auth method"): logs
 * in, renews its lease, and says what has failed without a value.
 */
export class VaultClient {
  readonly #base: URL;
  readonly #login: VaultLogin;
  readonly #namespace: string | undefined;
  readonly #clock: Clock;
  #token: Promise<Token> | undefined;
  #cancelRenewal: CancelTimer | undefined;
  #isClosed = false;

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` where the way there is not protected. */
  constructor({ address, login, namespace, clock = systemClock }: VaultClientOptions) {
    const base = URL.parse(address);
    if (base === null || !['http:', 'https:'].includes(base.protocol) || base.username !== '')
      throw new GatewayError(
        'OMNI_CONFIG_INVALID',
        'secrets.vault.address is no address of a server, such as https://vault.example.com:8200',
      );
    // guard: secrets/vault-tls
    if (base.protocol === 'http:' && !isLoopback(base.hostname))
      throw new GatewayError(
        'OMNI_CONFIG_INVALID',
        'secrets.vault.address must begin with https: secrets would be readable on their way',
        {
          hint: 'Only a Vault on this machine may be reached by http:.',
        },
      );
    this.#base = base;
    this.#login = login;
    this.#namespace = namespace;
    this.#clock = clock;
  }

  /** Whether a server answers that is initialised and not sealed ("/sys/health"). */
  async isAvailable(): Promise<boolean> {
    try {
      const { status } = await this.#send({
        method: 'GET',
        path: 'sys/health?standbyok=true&perfstandbyok=true',
      });
      return status === 200;
    } catch {
      return false;
    }
  }

  /**
   * @returns The answer, also that of a 404 with facts; `undefined` for one without.
   * @throws {@link GatewayError} `OMNI_SECRET_UNAVAILABLE`, `OMNI_SECRET_DENIED`.
   */
  async call(call: VaultCall): Promise<VaultAnswer | undefined> {
    const login = this.#loggedIn();
    const token = await login;
    const first = await this.#send(call, token.value);
    // A token may have been revoked before its time: with another one it may go.
    if (
      first.status !== 403 ||
      /* guard: secrets/vault-live-token */ (await this.#isGood(token, call.signal))
    )
      return this.#answerOf(call, first);
    // Somebody else may have another one by now.
    if (this.#token === login) this.#forget();
    const other = await this.#loggedIn();
    return this.#answerOf(call, await this.#send(call, other.value));
  }

  /** Renews nothing any more. The token is left to expire. */
  close(): void {
    this.#isClosed = true;
    this.#forget();
  }

  #loggedIn(): Promise<Token> {
    if (this.#token !== undefined) return this.#token;
    const token = this.#newToken();
    this.#token = token;
    // The next one tries again.
    token.catch(() => {
      if (this.#token === token) this.#token = undefined;
    });
    return token;
  }

  async #isGood({ value }: Token, signal: AbortSignal | undefined): Promise<boolean> {
    const { status } = await this.#send({ ...LOOKUP, ...(signal !== undefined && { signal }) }, value);
    return status === 200;
  }

  async #newToken(): Promise<Token> {
    const login = this.#login;
    if (login.kind === 'token') {
      const value = (await login.token()).trim();
      const { ttl, renewable } = membersOf(this.#answerOf(LOOKUP, await this.#send(LOOKUP, value)), 'data');
      return this.#leased(value, ttl, renewable);
    }
    const [roleId, secretId] = await Promise.all([login.roleId(), login.secretId()]);
    const call: VaultCall = {
      method: 'POST',
      path: `auth/${login.mount ?? 'approle'}/login`,
      body: { role_id: roleId.trim(), secret_id: secretId.trim() },
    };
    const auth = membersOf(this.#answerOf(call, await this.#send(call)), 'auth');
    const { client_token: value, lease_duration: lease, renewable } = auth;
    if (typeof value !== 'string' || value === '') throw unavailable('Vault has given no token');
    return this.#leased(value, lease, renewable);
  }

  #leased(value: string, leaseS: unknown, renewable: unknown): Token {
    const token: Token = { value, isRenewable: renewable === true };
    this.#cancelRenewal?.();
    // 0: it does not expire.
    if (!this.#isClosed && typeof leaseS === 'number' && leaseS > 0)
      this.#cancelRenewal = this.#clock.after(leaseS * 1_000 * RENEWED_AT, () => void this.#renew(token));
    return token;
  }

  async #renew(token: Token): Promise<void> {
    try {
      if (!token.isRenewable) throw unavailable('The token of Vault is not renewable');
      const call: VaultCall = { method: 'POST', path: 'auth/token/renew-self', body: {} };
      const auth = membersOf(this.#answerOf(call, await this.#send(call, token.value)), 'auth');
      this.#leased(token.value, auth['lease_duration'], auth['renewable']);
    } catch {
      // Whoever asks next logs in again, and is told what is wrong.
      this.#forget();
    }
  }

  #forget(): void {
    this.#cancelRenewal?.();
    this.#cancelRenewal = undefined;
    this.#token = undefined;
  }

  async #send(
    { method, path, body, signal }: VaultCall,
    token?: string,
  ): Promise<{ readonly status: number; readonly answer: VaultAnswer }> {
    const limit = AbortSignal.timeout(LONGEST_CALL_MS);
    const prefix = this.#base.pathname.replace(/\/$/, '');
    try {
      const { request } = await import('../http/client/late-undici.ts');
      // Redirections are not followed: the token goes to the configured server alone.
      const response = await request(`${this.#base.origin}${prefix}/v1/${path}`, {
        method: method === 'LIST' ? 'GET' : method,
        ...(method === 'LIST' && { query: { list: true } }),
        headers: {
          'x-vault-request': 'true',
          ...(token !== undefined && { 'x-vault-token': token }),
          ...(this.#namespace !== undefined && { 'x-vault-namespace': this.#namespace }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      });
      let text = '';
      for await (const chunk of response.body.setEncoding('utf8')) {
        text += String(chunk);
        if (text.length > MAX_ANSWER_BYTES) throw unavailable('Vault says more than 4 MiB');
      }
      return { status: response.statusCode, answer: parsed(text) };
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      throw unavailable(`Vault at ${this.#base.origin} does not answer (${reasonOf(cause)})`, cause);
    }
  }

  #answerOf(
    { path }: VaultCall,
    { status, answer }: { readonly status: number; readonly answer: VaultAnswer },
  ): VaultAnswer | undefined {
    if (status >= 200 && status < 300) return answer;
    // Errors of Vault have paths and reasons, no values; of AppRole they may quote an id.
    const { errors } = answer;
    const isLogin = path.startsWith('auth/');
    const reasons = !isLogin && Array.isArray(errors) ? errors.map(String).join(', ').slice(0, 200) : '';
    const said = reasons === '' ? '' : `: ${reasons.replaceAll(/\s+/g, ' ')}`;
    // A deleted version has facts.
    if (status === 404) return 'data' in answer ? answer : undefined;
    // 400 of a login: the id is unknown, was used up, or is too old.
    // guard: secrets/vault-refused
    if (status === 403 || (status === 400 && isLogin))
      throw new GatewayError(
        'OMNI_SECRET_DENIED',
        `Vault does not allow ${isLogin ? 'Omni to log in' : path}${said}`,
      );
    if (status === 503) throw unavailable('Vault is sealed, or in maintenance');
    throw unavailable(`Vault answers ${status}${said}`);
  }
}

/** The members of a member. */
export function membersOf(answer: VaultAnswer | undefined, name: string): VaultAnswer {
  const value = answer?.[name];
  // Any object may be read by names.
  return typeof value === 'object' && value !== null ? (value as VaultAnswer) : {};
}

function parsed(text: string): VaultAnswer {
  try {
    const root: unknown = JSON.parse(text);
    return membersOf({ root }, 'root');
  } catch {
    return {};
  }
}

/** @returns A code or a kind; what a library says may hold anything. */
function reasonOf(cause: unknown): string {
  const kind =
    typeof cause === 'object' && cause !== null && 'name' in cause ? String(cause.name) : 'unknown';
  return errorCode(cause) ?? kind;
}

function unavailable(message: string, cause?: unknown): GatewayError {
  return new GatewayError('OMNI_SECRET_UNAVAILABLE', message, { ...(cause !== undefined && { cause }) });
}
