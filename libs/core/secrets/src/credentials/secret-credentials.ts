import {
  callForeign,
  type Clock,
  type CredentialProvider,
  type CredentialValues,
  GatewayError,
  type SecretReference,
  secretReferenceText,
  type SecretText,
  type UpstreamSecrets,
} from '@omni/ports';
import type { SecretUser } from '../access/secret-rules.ts';
import type { Secrets, WatchedSecret } from '../secrets.ts';

/** An upstream whose headers or variables hold secrets. */
export interface UpstreamWithSecrets {
  readonly name: string;
  readonly secrets: UpstreamSecrets;
  /** Where requests go; absent for a process. */
  readonly host?: string;
}

const NO_VALUES: CredentialValues = Object.freeze({});
const NO_SECRETS: readonly string[] = Object.freeze([]);
/** An upstream that refuses everything does not make a provider answer for each request. */
const REREAD_MS = 5_000;
/** Shorter ones stand in harmless text too often: whoever has such a secret is warned. */
export const MIN_MASKED_LENGTH = 8;
/** RFC 9110, 5.5. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const VARIABLE_VALUE = /^[^\0]*$/;

/**
 * Headers and variables of upstreams, filled with secrets: what changes reaches running connections at once.
 */
export class SecretCredentials implements CredentialProvider {
  readonly #secrets: Secrets;
  readonly #clock: Clock;
  readonly #upstreams = new Map<string, FilledUpstream>();
  readonly #listeners = new Set<(upstream: string) => void>();

  constructor(secrets: Secrets, clock: Clock) {
    this.#secrets = secrets;
    this.#clock = clock;
  }

  /**
   * Which upstreams there are now. Those that are the same keep their values.
   *
   * @returns Settles when every new one has its values, or cannot have them.
   */
  async define(upstreams: readonly UpstreamWithSecrets[]): Promise<void> {
    const former = new Map(this.#upstreams);
    this.#upstreams.clear();
    const ready: Promise<void>[] = [];
    for (const upstream of upstreams) {
      const kept = former.get(upstream.name);
      if (kept?.isSame(upstream) === true) {
        this.#upstreams.set(upstream.name, kept);
        former.delete(upstream.name);
      } else ready.push(this.add(upstream));
    }
    // Behind: what both need stays.
    for (const gone of former.values()) gone.close();
    await Promise.all(ready);
  }

  /** One more upstream, in place of one of the same name. @returns As {@link define}. */
  async add(upstream: UpstreamWithSecrets): Promise<void> {
    const former = this.#upstreams.get(upstream.name);
    if (former?.isSame(upstream) === true) return former.ready;
    const filled = new FilledUpstream(upstream, this.#secrets, () => this.#tell(upstream.name));
    this.#upstreams.set(upstream.name, filled);
    former?.close();
    await filled.ready;
  }

  /** Why values of an upstream could not be read, free of values; empty when all are there. */
  failuresOf(upstream: string): readonly string[] {
    return this.#upstreams.get(upstream)?.failures ?? [];
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

  dispose(): void {
    for (const upstream of this.#upstreams.values()) upstream.close();
    this.#upstreams.clear();
  }

  #tell(upstream: string): void {
    for (const listener of [...this.#listeners])
      callForeign(
        () => listener(upstream),
        () => {},
      );
  }
}

/** The values of one upstream. */
class FilledUpstream {
  readonly ready: Promise<void>;
  readonly #upstream: UpstreamWithSecrets;
  readonly #watched = new Map<string, WatchedSecret>();
  readonly #refused: string[] = [];
  readonly #onChange: () => void;
  #headers = NO_VALUES;
  #environment = NO_VALUES;
  #secretValues = NO_SECRETS;
  #rereadAtMs = -Infinity;
  #isReady = false;

  constructor(upstream: UpstreamWithSecrets, secrets: Secrets, onChange: () => void) {
    this.#upstream = upstream;
    this.#onChange = onChange;
    const { name, host } = upstream;
    const user: SecretUser = { id: `server:${name}`, server: name, ...(host !== undefined && { host }) };
    for (const reference of referencesOf(upstream.secrets)) {
      const key = secretReferenceText(reference);
      if (this.#watched.has(key)) continue;
      try {
        this.#watched.set(
          key,
          secrets.watch(reference, user, () => this.#refill()),
        );
      } catch (error) {
        // One that is refused keeps nobody else from theirs.
        this.#refused.push(GatewayError.from(error).message);
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

  get failures(): readonly string[] {
    const missing = [...this.#watched].flatMap(([key, { text, failure }]) => {
      if (text !== undefined) return [];
      return [failure === undefined ? `there is no secret ${key}` : `${key}: ${failure.message}`];
    });
    return [...this.#refused, ...missing];
  }

  isSame({ secrets, host }: UpstreamWithSecrets): boolean {
    return host === this.#upstream.host && JSON.stringify(secrets) === JSON.stringify(this.#upstream.secrets);
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
    const { headers, environment } = this.#upstream.secrets;
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
      if (value !== undefined && allowed.test(value)) filled.push([name, value]);
    }
    return Object.freeze(Object.fromEntries(filled));
  }
}

function referencesOf({ headers, environment }: UpstreamSecrets): readonly SecretReference[] {
  return [...Object.values(headers), ...Object.values(environment)]
    .flat()
    .filter((part) => typeof part !== 'string');
}
