import {
  GatewayError,
  type KeyWrapper,
  type SecretBuffer,
  type SecretProvider,
  type SharedText,
} from '@omni/ports';
import { rewrap, seal, type SealedSecret, sealedSecretOf, unseal } from './envelope.ts';
import type { SealingKeys } from './key-ring.ts';

export interface SealedSecretsOptions {
  readonly text: SharedText;
  readonly keys: SealingKeys;
}

const FORMAT = 'omni-secrets';
const VERSION = 1;
/** A path within a store of secrets, as references have it. */
const NAME = /^[^\s\p{Cc}"]{1,1024}$/u;

/**
 * Secrets in one text, each sealed under a key of its own (S002-SB-01). Names are readable, values are not.
 *
 * What cannot be read is never taken for empty: nothing is written over it.
 */
export class SealedSecrets implements SecretProvider {
  readonly #text: SharedText;
  readonly #keys: SealingKeys;

  constructor({ text, keys }: SealedSecretsOptions) {
    this.#text = text;
    this.#keys = keys;
  }

  /** Where values and keys are, for messages. */
  get place(): string {
    return `${this.#text.place} (key: ${this.#keys.place})`;
  }

  getName(): string {
    return 'file';
  }

  async isAvailable(): Promise<boolean> {
    return this.check().then(
      () => true,
      () => false,
    );
  }

  /**
   * Whether everything that is kept can be opened, as far as keys say.
   *
   * @throws {@link GatewayError} `OMNI_SECRET_KEY_MISSING`, `OMNI_SECRET_CORRUPT`, `OMNI_SECRET_DENIED`.
   */
  check(): Promise<void> {
    return withKeysOfNow(() => this.#check());
  }

  resolve(name: string): Promise<SecretBuffer | undefined> {
    return withKeysOfNow(() => this.#open(name));
  }

  async store(name: string, value: SecretBuffer): Promise<void> {
    if (!NAME.test(name))
      throw new GatewayError(
        'OMNI_USAGE',
        'The name of a secret has no spaces, quotes or control characters',
      );
    await this.#text.change(async (text) => {
      const kept = this.#parse(text);
      // Read within the change: who changes keys waits for it, and it for them.
      const key = await this.#firstKey(kept);
      kept.set(name, await seal(value, placeOf(name), key));
      return textOf(kept);
    });
  }

  async delete(name: string): Promise<boolean> {
    if (!this.#parse(await this.#text.read()).has(name)) return false;
    let wasThere = false;
    await this.#text.change((text) => {
      const kept = this.#parse(text);
      wasThere = kept.delete(name);
      return textOf(kept);
    });
    return wasThere;
  }

  async list(): Promise<readonly string[]> {
    return [...this.#parse(await this.#text.read()).keys()].toSorted((a, b) => (a < b ? -1 : 1));
  }

  subscribe(listener: () => void): () => void {
    return this.#text.subscribe(listener);
  }

  /**
   * Wraps everything with a new key, and drops the former ones when that is durable. Where it was
   * interrupted, all keys are there, and it can be called again.
   *
   * @returns How many secrets were wrapped anew.
   */
  async changeKey(): Promise<number> {
    let count = 0;
    await this.#text.change(async (text) => {
      const kept = this.#parse(text);
      const from = await this.#keys.all();
      const missing = [...kept.values()].filter(({ keyId }) => !from.some(({ id }) => id === keyId));
      if (missing.length > 0) throw this.#missing(missing.map(({ keyId }) => keyId));
      const to = await this.#keys.make();
      for (const [name, sealed] of kept)
        kept.set(name, await rewrap(sealed, placeOf(name), { to, from: [...from, to] }));
      count = kept.size;
      return textOf(kept);
    });
    // Behind what is durable, and in turn: nobody else makes a key meanwhile.
    await this.#text.change(async (text) => {
      const kept = this.#parse(text);
      const needed = new Set([...kept.values()].map(({ keyId }) => keyId));
      const [, ...former] = await this.#keys.all();
      await this.#keys.drop(former.map(({ id }) => id).filter((id) => !needed.has(id)));
      return textOf(kept);
    });
    return count;
  }

  async #check(): Promise<void> {
    const kept = this.#parse(await this.#text.read());
    const ids = [...new Set([...kept.values()].map(({ keyId }) => keyId))];
    if (ids.length === 0) return;
    const known = (await this.#keys.all()).map(({ id }) => id);
    const missing = ids.filter((id) => !known.includes(id));
    if (missing.length > 0) throw this.#missing(missing);
  }

  async #open(name: string): Promise<SecretBuffer | undefined> {
    const sealed = this.#parse(await this.#text.read()).get(name);
    if (sealed === undefined) return undefined;
    const keys = await this.#keys.all();
    if (!keys.some(({ id }) => id === sealed.keyId)) throw this.#missing([sealed.keyId]);
    return unseal(sealed, placeOf(name), keys);
  }

  /** One that is missing is made where nothing needs it, and nowhere else. */
  async #firstKey(kept: ReadonlyMap<string, SealedSecret>): Promise<KeyWrapper> {
    const [first] = await this.#keys.all();
    if (first !== undefined) return first;
    // guard: secrets/second-key
    if (kept.size > 0) throw this.#missing([...kept.values()].map(({ keyId }) => keyId));
    return this.#keys.make();
  }

  #missing(ids: readonly string[]): GatewayError {
    const names = [...new Set(ids)].join(', ');
    return new GatewayError(
      'OMNI_SECRET_KEY_MISSING',
      `${this.#text.place} needs the key ${names}, which is not in ${this.#keys.place}`,
    );
  }

  #parse(text: string | undefined): Map<string, SealedSecret> {
    if (text === undefined) return new Map();
    const corrupt = (what: string): GatewayError =>
      new GatewayError('OMNI_SECRET_CORRUPT', `${this.#text.place} ${what}`);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw corrupt('is damaged: it is no whole JSON');
    }
    // Any object may be read by names.
    const { format, version, secrets } = Object(value) as Readonly<Record<string, unknown>>;
    if (format !== FORMAT || typeof secrets !== 'object' || secrets === null)
      throw corrupt('is no file of secrets');
    if (version !== VERSION) throw corrupt('was written by another version of Omni');
    return new Map(
      Object.entries(secrets).map(([name, sealed]) => [
        name,
        sealedSecretOf(sealed, `${JSON.stringify(name)} in ${this.#text.place}`),
      ]),
    );
  }
}

/** Where keys were changed between two readings, both are read again. */
async function withKeysOfNow<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'OMNI_SECRET_KEY_MISSING') throw error;
    return act();
  }
}

function placeOf(name: string): readonly string[] {
  return ['secret', name];
}

function textOf(kept: ReadonlyMap<string, SealedSecret>): string {
  const secrets = Object.fromEntries([...kept].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ format: FORMAT, version: VERSION, secrets }, undefined, 2)}\n`;
}
