import { GatewayError, type KeyWrapper, SecretBuffer } from '@omni/ports';

/** A secret that only its own key opens, and that key, wrapped. */
export interface SealedSecret {
  readonly v: 1;
  /** {@link KeyWrapper.id} of the key that wraps the secret's own. */
  readonly keyId: string;
  /** The wrapped key, in base64. */
  readonly key: string;
  /** Nonce and ciphertext with its tag, in base64. */
  readonly data: string;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;

/**
 * What a secret belongs to: a value that was sealed for one place opens in no other (NIST SP 800-38D,
 * additional authenticated data).
 *
 * @param place - E.g. principal, server and audience.
 */
export function sealContext(place: readonly string[]): Uint8Array<ArrayBuffer> {
  // JSON of a list of texts: no two lists have the same.
  return new TextEncoder().encode(JSON.stringify(['omni-secret-v1', ...place]));
}

/**
 * Seals a value by AES-256-GCM, under a key that is made for it alone.
 *
 * @param place - See {@link sealContext}.
 */
export async function seal(
  value: SecretBuffer,
  place: readonly string[],
  wrapper: KeyWrapper,
): Promise<SealedSecret> {
  const context = sealContext(place);
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  try {
    const data = await encrypt(key, value.bytes, context);
    const wrapped = await wrapper.wrap(key, context);
    return { v: 1, keyId: wrapper.id, key: base64(wrapped), data: base64(data) };
  } finally {
    key.fill(0);
  }
}

/**
 * @param wrappers - Keys that there are.
 * @returns The caller's own.
 * @throws {@link GatewayError} `OMNI_SECRET_KEY_MISSING`; `OMNI_SECRET_CORRUPT` when it was changed, or
 * sealed for another place.
 */
export async function unseal(
  sealed: SealedSecret,
  place: readonly string[],
  wrappers: readonly KeyWrapper[],
): Promise<SecretBuffer> {
  const context = sealContext(place);
  const key = await wrapperOf(sealed.keyId, wrappers).unwrap(bytesOf(sealed.key), context);
  try {
    return new SecretBuffer(await decrypt(key, bytesOf(sealed.data), context));
  } finally {
    key.fill(0);
  }
}

/**
 * Wraps the key of a sealed secret anew; the secret itself is not opened.
 *
 * @throws As {@link unseal}.
 */
export async function rewrap(
  sealed: SealedSecret,
  place: readonly string[],
  { to, from }: { readonly to: KeyWrapper; readonly from: readonly KeyWrapper[] },
): Promise<SealedSecret> {
  const context = sealContext(place);
  const key = await wrapperOf(sealed.keyId, from).unwrap(bytesOf(sealed.key), context);
  try {
    // guard: secrets/rewrap-opens
    await decrypt(key, bytesOf(sealed.data), context).then((bytes) => bytes.fill(0));
    return { ...sealed, keyId: to.id, key: base64(await to.wrap(key, context)) };
  } finally {
    key.fill(0);
  }
}

/** Reads what {@link seal} has made. @throws {@link GatewayError} `OMNI_SECRET_CORRUPT`. */
export function sealedSecretOf(value: unknown, what: string): SealedSecret {
  if (typeof value === 'object' && value !== null && 'v' in value && value.v === 1) {
    // Any object may be read by names.
    const { keyId, key, data } = value as Readonly<Record<string, unknown>>;
    if (typeof keyId === 'string' && typeof key === 'string' && typeof data === 'string')
      return { v: 1, keyId, key, data };
  }
  throw new GatewayError('OMNI_SECRET_CORRUPT', `${what} is no sealed secret`);
}

/** Wraps keys with a key of this process, by AES-256-GCM. */
export class LocalKeyWrapper implements KeyWrapper {
  readonly id: string;
  readonly #key: SecretBuffer;

  private constructor(id: string, key: SecretBuffer) {
    this.id = id;
    this.#key = key;
  }

  /**
   * @param origin - Where the key comes from, e.g. `file`; a fingerprint makes an id of it.
   * @param key - 32 bytes; belongs to the wrapper from now on.
   * @throws {@link GatewayError} `OMNI_SECRET_CORRUPT` when it has another length.
   */
  static async of(origin: string, key: SecretBuffer): Promise<LocalKeyWrapper> {
    if (key.bytes.length !== KEY_BYTES)
      throw new GatewayError('OMNI_SECRET_CORRUPT', `The key of ${origin} has not 32 bytes`);
    return new LocalKeyWrapper(`${origin}:${await fingerprint(key.bytes)}`, key);
  }

  wrap(key: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
    return encrypt(this.#key.bytes, key, context);
  }

  unwrap(wrapped: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
    return decrypt(this.#key.bytes, wrapped, context);
  }

  dispose(): void {
    this.#key.dispose();
  }
}

/** Tells keys apart, and nothing else about them. */
async function fingerprint(key: Uint8Array): Promise<string> {
  const label = new TextEncoder().encode('omni-key-fingerprint');
  const digest = await crypto.subtle.sign('HMAC', await imported(key, 'HMAC'), label);
  return [...new Uint8Array(digest).subarray(0, 6)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

function wrapperOf(keyId: string, wrappers: readonly KeyWrapper[]): KeyWrapper {
  const wrapper = wrappers.find(({ id }) => id === keyId);
  if (wrapper !== undefined) return wrapper;
  throw new GatewayError('OMNI_SECRET_KEY_MISSING', `The key ${keyId} is not there`);
}

async function encrypt(key: Uint8Array, plain: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
  // Random for each message; a key of a secret seals one, and one that wraps stays far below 2^32.
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: nonce, additionalData: /* guard: secrets/sealed-place */ own(context) },
    await imported(key, 'AES-GCM'),
    own(plain),
  );
  const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  bytes.set(nonce);
  bytes.set(new Uint8Array(sealed), NONCE_BYTES);
  return bytes;
}

async function decrypt(key: Uint8Array, sealed: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt(
        {
          name: 'AES-GCM',
          iv: own(sealed.subarray(0, NONCE_BYTES)),
          additionalData: /* guard: secrets/sealed-place */ own(context),
        },
        await imported(key, 'AES-GCM'),
        own(sealed.subarray(NONCE_BYTES)),
      ),
    );
  } catch (cause) {
    throw new GatewayError(
      'OMNI_SECRET_CORRUPT',
      'A sealed secret does not open: it was changed, or sealed with another key or for another place',
      { cause },
    );
  }
}

/** Not every runtime's types have a name for it. */
type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

function imported(key: Uint8Array, name: 'AES-GCM' | 'HMAC'): Promise<ImportedKey> {
  return name === 'HMAC'
    ? crypto.subtle.importKey('raw', own(key), { name, hash: 'SHA-256' }, false, ['sign'])
    : crypto.subtle.importKey('raw', own(key), name, false, ['encrypt', 'decrypt']);
}

function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // WebCrypto takes no views on shared memory, and types say so: nobody shares a secret's.
  return bytes as Uint8Array<ArrayBuffer>;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += 8_192)
    text += String.fromCharCode(...bytes.subarray(from, from + 8_192));
  return btoa(text);
}

function bytesOf(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new GatewayError('OMNI_SECRET_CORRUPT', 'A sealed secret is no base64', { cause });
  }
}
