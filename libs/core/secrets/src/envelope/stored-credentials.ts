import {
  type CredentialOwner,
  GatewayError,
  type KeyWrapper,
  type SealedRow,
  type SealedStore,
  type SecretBuffer,
} from '@omni/ports';
import { rewrap, seal, type SealedSecret, sealedSecretOf, unseal } from './envelope.ts';

export interface StoredCredentialsOptions {
  readonly store: SealedStore;
  /** The key that new credentials are sealed with, and those that former ones may need. */
  readonly keys: readonly [KeyWrapper, ...KeyWrapper[]];
}

const AT_A_TIME = 100;

/**
 * Credentials of users for upstreams, each sealed for its owner: a row that is moved to another user, server
 * or audience opens for nobody.
 */
export class StoredCredentials {
  readonly #store: SealedStore;
  readonly #keys: readonly [KeyWrapper, ...KeyWrapper[]];

  private constructor({ store, keys }: StoredCredentialsOptions) {
    this.#store = store;
    this.#keys = keys;
  }

  /**
   * @throws {@link GatewayError} `OMNI_SECRET_KEY_MISSING`, with the names of keys that rows need and nobody
   * has: who cannot read what is kept does not go on as if there were nothing.
   */
  static async open(options: StoredCredentialsOptions): Promise<StoredCredentials> {
    const known = options.keys.map(({ id }) => id);
    const missing = (await options.store.keyIds()).filter((id) => !known.includes(id));
    // guard: secrets/missing-key
    if (missing.length > 0)
      throw new GatewayError(
        'OMNI_SECRET_KEY_MISSING',
        `Stored credentials need ${missing.length === 1 ? 'the key' : 'the keys'} ${missing.join(', ')}`,
      );
    return new StoredCredentials(options);
  }

  /**
   * @returns The caller's own; `undefined` when there is none.
   * @throws {@link GatewayError} `OMNI_SECRET_CORRUPT`, `OMNI_SECRET_UNAVAILABLE`.
   */
  async read(owner: CredentialOwner): Promise<SecretBuffer | undefined> {
    const row = await this.#store.read(owner);
    return row && unseal(sealedOf(row), placeOf(owner), this.#keys);
  }

  /** Keeps a credential in place of the one before. It stays the caller's. */
  async write(owner: CredentialOwner, value: SecretBuffer): Promise<void> {
    const [key] = this.#keys;
    const sealed = await seal(value, placeOf(owner), key);
    await this.#store.write({ owner, keyId: key.id, sealed: JSON.stringify(sealed) });
  }

  /** @returns Whether it was there. */
  remove(owner: CredentialOwner): Promise<boolean> {
    return this.#store.remove(owner);
  }

  /**
   * Wraps everything with the first key, while credentials are read and written. What was done stays done
   * when it is interrupted; called again, it goes on.
   *
   * @returns How many were wrapped anew.
   * @throws {@link GatewayError} Of the first row that does not open.
   */
  async changeKey(): Promise<number> {
    const [to] = this.#keys;
    let changed = 0;
    for (;;) {
      const rows = await this.#store.withOtherKey(to.id, AT_A_TIME);
      if (rows.length === 0) return changed;
      for (const row of rows) {
        const sealed = await rewrap(sealedOf(row), placeOf(row.owner), { to, from: this.#keys });
        const wrapped = { owner: row.owner, keyId: to.id, sealed: JSON.stringify(sealed) };
        // Where somebody has written meanwhile, theirs stays.
        if (await this.#store.write(wrapped, /* guard: secrets/online-change */ row)) changed++;
      }
    }
  }
}

function sealedOf({ sealed }: SealedRow): SealedSecret {
  let value: unknown;
  try {
    value = JSON.parse(sealed);
  } catch {
    // Reported as what it is: no sealed secret.
  }
  return sealedSecretOf(value, 'A row of a credential');
}

function placeOf({ principal, server, audience }: CredentialOwner): readonly string[] {
  return [principal, server, audience];
}
