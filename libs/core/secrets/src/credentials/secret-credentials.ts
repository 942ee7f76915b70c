import {
  callForeign,
  type Clock,
  type ComponentStatus,
  type CredentialProvider,
  type CredentialValues,
  GatewayError,
  type SecretReference,
  secretReferenceText,
  shownReference,
  type SecretText,
  type UpstreamSecrets,
  type UpstreamSpec,
  type UpstreamTransport,
} from '@omni/ports';
import type { SecretUser } from '../access/secret-rules.ts';
import { MIN_MASKED_LENGTH, type Secrets, unknownSecret, type WatchedSecret } from '../secrets.ts';

/** What is read of a definition. */
export type UpstreamWithSecrets = Pick<UpstreamSpec, 'name' | 'transport' | 'secrets'>;

const NO_VALUES: CredentialValues = Object.freeze({});
const NO_SECRETS: readonly string[] = Object.freeze([]);
/** An upstream that refuses everything does not make a provider answer for each request. */
const REREAD_MS = 5_000;
/** RFC 9110, 5.5. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const VARIABLE_VALUE = /^[^\0]*$/;

/**
 * Headers and variables of upstreams, filled with secrets: what changes reaches running connections at once.
 */
export class SecretCredentials implements CredentialProvider {
  readonly #secrets: Secrets;
  readonly #clock: Clock;
  #upstreams = new Map<string, FilledUpstream>();
  /** Counts definitions: the latest hold. */
  #turn = 0;
  readonly #listeners = new Set<(upstream: string) => void>();
  readonly #onClose: () => void;

  /** @param onClose - Ends what is there for this alone. Default: nothing. */
  constructor(secrets: Secrets, clock: Clock, onClose: () => void = () => {}) {
    this.#secrets = secrets;
    this.#clock = clock;
    this.#onClose = onClose;
  }

  /**
   * Those that are the same keep their values; the others change hands together when all are there, just
   * before their servers do, and nobody is told: what one server is shown is not for the one before it.
   */
  async define(specs: readonly UpstreamWithSecrets[]): Promise<void> {
    const turn = ++this.#turn;
    const wanted = specs.flatMap(({ name, transport, secrets }): readonly WantedSecrets[] =>
      secrets === undefined ? [] : [{ name, secrets, host: hostOf(transport) }],
    );
    const next = new Map(wanted.map((one) => [one.name, this.#filled(one)]));
    await Promise.all([...next.values()].map(({ ready }) => ready));
    const isLatest = /* guard: secrets/latest-definitions */ turn === this.#turn;
    const former = isLatest ? this.#upstreams : next;
    if (isLatest) this.#upstreams = next;
    const kept = new Set(this.#upstreams.values());
    for (const upstream of former.values()) if (!kept.has(upstream)) upstream.close();
  }

  lack(upstream: string): GatewayError | undefined {
    return this.#upstreams.get(upstream)?.lack;
  }

  getStatus(): ComponentStatus {
    return this.#secrets.getStatus();
  }

  headers(upstream: string): CredentialValues {
    return this.#upstreams.get(upstream)?.headers ?? NO_VALUES;
  }

  environment(upstream: string): CredentialValues {
    return this.#upstreams.get(upstream)?.environment ?? NO_VALUES;
  }

  secretValues(upstream: string): readonly string[] {
    return this.#upstreams.get(upstream)?.secretValues ?? NO_SECRETS;
  }

  refresh(upstream: string): Promise<void> | undefined {
    return this.#upstreams.get(upstream)?.reread(this.#clock.monotonicMs());
  }

  subscribe(listener: (upstream: string) => void): () => void {
    const own = (upstream: string): void => listener(upstream);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  close(): void {
    this.#turn++;
    for (const upstream of this.#upstreams.values()) upstream.close();
    this.#upstreams.clear();
    this.#onClose();
  }

  #filled(wanted: WantedSecrets): FilledUpstream {
    const { name } = wanted;
    const former = this.#upstreams.get(name);
    if (former?.isSame(wanted) === true) return former;
    const filled: FilledUpstream = new FilledUpstream(wanted, this.#secrets, () => {
      if (this.#upstreams.get(name) === filled) this.#tell(name);
    });
    if (former !== undefined) return filled;
    // Who starts meanwhile is told that they are being read, and then that they are there.
    this.#upstreams.set(name, filled);
    void filled.ready.then(() => this.#upstreams.get(name) === filled && this.#tell(name));
    return filled;
  }

  #tell(upstream: string): void {
    for (const listener of [...this.#listeners])
      callForeign(
        () => listener(upstream),
        () => {},
      );
  }
}

interface WantedSecrets {
  readonly name: string;
  readonly secrets: UpstreamSecrets;
  /** Where they would be sent; `undefined` for a process. */
  readonly host: string | undefined;
}

function hostOf(transport: UpstreamTransport): string | undefined {
  return 'url' in transport ? URL.parse(transport.url)?.hostname : undefined;
}

/** The values of one upstream. */
class FilledUpstream {
  readonly ready: Promise<void>;
  readonly #wanted: WantedSecrets;
  readonly #watched = new Map<string, WatchedSecret>();
  readonly #refused: GatewayError[] = [];
  readonly #onChange: () => void;
  #headers = NO_VALUES;
  #environment = NO_VALUES;
  #secretValues = NO_SECRETS;
  #rereadAtMs = -Infinity;
  #isReady = false;
  /** Why a value that is there is none for its header or variable. */
  #flaw: GatewayError | undefined;

  constructor(wanted: WantedSecrets, secrets: Secrets, onChange: () => void) {
    this.#wanted = wanted;
    this.#onChange = onChange;
    const { name, host } = wanted;
    const user: SecretUser = { id: `server:${name}`, server: name, ...(host !== undefined && { host }) };
    for (const reference of referencesOf(wanted.secrets)) {
      const key = secretReferenceText(reference);
      if (this.#watched.has(key)) continue;
      try {
        this.#watched.set(
          key,
          secrets.watch(reference, user, () => this.#refill()),
        );
      } catch (error) {
        // One that is refused keeps nobody else from theirs.
        this.#refused.push(GatewayError.from(error));
      }
    }
    this.ready = Promise.all([...this.#watched.values()].map((watched) => watched.ready)).then(() => {
      this.#isReady = true;
      this.#fill();
    });
  }

  get headers(): CredentialValues {
    this.#count();
    return this.#headers;
  }

  get environment(): CredentialValues {
    return this.#environment;
  }

  get secretValues(): readonly string[] {
    return this.#secretValues;
  }

  get lack(): GatewayError | undefined {
    const [refusal] = this.#refused;
    if (refusal !== undefined) return refusal;
    if (!this.#isReady) return new GatewayError('OMNI_SECRET_UNAVAILABLE', 'Its secrets are being read');
    for (const reference of referencesOf(this.#wanted.secrets)) {
      const { text, failure } = this.#watched.get(secretReferenceText(reference)) ?? {};
      if (text === undefined) return failure ?? unknownSecret(reference);
    }
    return this.#flaw;
  }

  isSame({ secrets, host }: WantedSecrets): boolean {
    return host === this.#wanted.host && JSON.stringify(secrets) === JSON.stringify(this.#wanted.secrets);
  }

  /** @returns `undefined` when that was done a moment ago. */
  reread(nowMs: number): Promise<void> | undefined {
    // guard: secrets/reread-pause
    if (nowMs - this.#rereadAtMs < REREAD_MS) return undefined;
    this.#rereadAtMs = nowMs;
    return Promise.all([...this.#watched.values()].map((watched) => watched.refresh())).then(() => {});
  }

  close(): void {
    for (const watched of this.#watched.values()) watched.close();
  }

  #count(): void {
    // Reading counts as an access.
    for (const watched of this.#watched.values()) void watched.text;
  }

  /** Before all values are there for the first time, nobody has any of them. */
  #refill(): void {
    if (!this.#isReady) return;
    this.#fill();
    this.#onChange();
  }

  #fill(): void {
    const { headers, environment } = this.#wanted.secrets;
    this.#flaw = undefined;
    this.#headers = this.#filled(headers, HEADER_VALUE);
    this.#environment = this.#filled(environment, VARIABLE_VALUE);
    this.#secretValues = Object.freeze(
      [...this.#watched.values()]
        .map(({ text }) => text ?? '')
        .filter((text) => text.length >= /* guard: secrets/short-values */ MIN_MASKED_LENGTH),
    );
  }

  /** What lacks a secret, or cannot be sent, is left out: half of a credential is none. */
  #filled(texts: Readonly<Record<string, SecretText>>, allowed: RegExp): CredentialValues {
    const filled: [string, string][] = [];
    for (const [name, parts] of Object.entries(texts)) {
      const values = parts.map((part) =>
        typeof part === 'string' ? part : this.#watched.get(secretReferenceText(part))?.text,
      );
      const value = values.every((part) => part !== undefined) ? values.join('') : undefined;
      if (value === undefined) continue;
      if (allowed.test(value)) filled.push([name, value]);
      else this.#flaw ??= /* guard: secrets/unsendable */ unsendable(name, parts);
    }
    return Object.freeze(Object.fromEntries(filled));
  }
}

function unsendable(name: string, parts: SecretText): GatewayError {
  const of = parts.filter((part) => typeof part !== 'string').map(shownReference);
  return new GatewayError(
    'OMNI_SECRET_CORRUPT',
    `The value for "${name}" holds characters that cannot be sent: ${of.join(', ')}`,
    { hint: 'Headers are one line, variables have no NUL; set another value.' },
  );
}

function referencesOf({ headers, environment }: UpstreamSecrets): readonly SecretReference[] {
  return [...Object.values(headers), ...Object.values(environment)]
    .flat()
    .filter((part) => typeof part !== 'string');
}
