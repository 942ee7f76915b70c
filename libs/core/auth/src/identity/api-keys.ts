import { bytesToHex } from '@noble/hashes/utils.js';
import { type ApiKeyRecord, type Clock, GatewayError, type KeySettings, type Principal } from '@omni/ports';
import { tokenMac } from './token-digest.ts';
import type { RefusedToken } from './verified-token.ts';

/** What every key begins with: scanners of secrets know it by that. */
export const KEY_PREFIX = 'omni_';

interface KnownKey {
  readonly record: ApiKeyRecord;
  readonly principal: Principal;
}

const KEY_BYTES = 32;

/**
 * Keys of agents and programs. Only what they hash to is kept, under a secret that is kept elsewhere: whoever
 * reads the records can neither use nor test a key.
 */
export class ApiKeys {
  readonly #secret: Uint8Array<ArrayBuffer>;
  readonly #clock: Clock;
  /** By what keys hash to: the time of a look-up tells nothing about a key. */
  #known: ReadonlyMap<string, KnownKey> = new Map();

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for a secret of fewer than 32 bytes. */
  constructor({ secret, records }: KeySettings, clock: Clock) {
    if (secret.byteLength < KEY_BYTES)
      throw new GatewayError('OMNI_CONFIG_INVALID', `The secret of keys must have ${KEY_BYTES} bytes`);
    this.#secret = secret;
    this.#clock = clock;
    this.replace(records);
  }

  /** Puts these in the place of all there are; what is gone opens nothing from now on. */
  replace(records: readonly ApiKeyRecord[]): void {
    this.#known = new Map(
      records.map((record) => [record.mac.toLowerCase(), { record, principal: principalOf(record) }]),
    );
  }

  /** Makes a key, which is shown once, and what is to be kept of it. */
  make(facts: Omit<ApiKeyRecord, 'mac'>): { readonly key: string; readonly record: ApiKeyRecord } {
    const key = KEY_PREFIX + bytesToHex(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
    return { key, record: { ...facts, mac: tokenMac(this.#secret, key) } };
  }

  find(key: string): Principal | RefusedToken {
    const known = this.#known.get(tokenMac(this.#secret, key));
    if (known === undefined) return { refused: 'unknown' };
    const { expiresAt } = known.record;
    if (expiresAt !== undefined && /* guard: identity/key-expiry */ this.#clock.now() >= expiresAt)
      return { refused: 'expired' };
    return known.principal;
  }
}

function principalOf({ name, limits }: ApiKeyRecord): Principal {
  return Object.freeze({ id: `key:${name}`, kind: 'key', ...(limits !== undefined && { limits }) });
}
