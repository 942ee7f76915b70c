import { GatewayError } from '@omni/ports';

/** A key that states are sealed with. */
export interface SealKey {
  /**
   * Stands in each state in clear, so that keys can follow one another; letters and digits. Default: derived
   * from the key, so that all who have it agree.
   */
  readonly id?: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What every sealed state begins with. */
export const STATE_PREFIX = 'omni1.';

/** A key, ready for use. */
interface ReadyKey {
  readonly id: string;
  readonly key: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
}

/** What AES-GCM is told besides the key. */
interface GcmParameters {
  readonly name: 'AES-GCM';
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly additionalData: Uint8Array<ArrayBuffer>;
}

const KEY_ID = /^[A-Za-z0-9]{1,32}$/;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** Ours are a few hundred characters; others are not worth the work. */
const MAX_STATE = 4096;
/** What the id of a key is derived from besides the key, so that no other hash of it is made public. */
const ID_PURPOSE = 'omni id of a sealing key';
const ID_BYTES = 4;

/**
 * Turns small texts into opaque ones that only their maker can read and nobody can change: AES-256-GCM with a
 * random nonce.
 *
 * @see MCP 2026-07-28, "Multi-round-trip requests": a state that matters is protected by its server.
 */
export class StateSeal {
  readonly #keys: readonly SealKey[];
  #ready: Promise<readonly ReadyKey[]> | undefined;

  /**
   * @param keys - The first seals, all open. Default: one random key, so that states end with the process.
   * @throws {@link GatewayError} `OMNI_INTERNAL` for a key that is none.
   */
  constructor(keys: readonly SealKey[] = [randomKey()]) {
    const isKey = ({ id, bytes }: SealKey): boolean =>
      (id === undefined || KEY_ID.test(id)) && /* guard: seal/key-length */ bytes.length === KEY_BYTES;
    if (keys.length === 0 || !keys.every(isKey)) {
      throw new GatewayError(
        'OMNI_INTERNAL',
        `A sealing key has ${KEY_BYTES} bytes and an id of letters and digits`,
      );
    }
    this.#keys = keys;
  }

  async seal(text: string): Promise<string> {
    const [key] = await this.#readyKeys();
    if (key === undefined) throw new GatewayError('OMNI_INTERNAL', 'There is no sealing key');
    const head = `${STATE_PREFIX}${key.id}`;
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(algorithm(iv, head), key.key, new TextEncoder().encode(text));
    const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
    bytes.set(iv);
    bytes.set(new Uint8Array(sealed), NONCE_BYTES);
    return `${head}.${toBase64Url(bytes)}`;
  }

  /** @returns The text; `undefined` for everything that {@link seal} of one of the keys has not made. */
  async open(state: string): Promise<string | undefined> {
    const [prefix, id, body, ...more] =
      /* guard: seal/length */ state.length > MAX_STATE ? [] : state.split('.');
    if (`${prefix}.` !== STATE_PREFIX || body === undefined || more.length > 0) return undefined;
    const key = (await this.#readyKeys()).find((candidate) => candidate.id === id);
    if (key === undefined) return undefined;
    const bytes = fromBase64Url(body);
    if (bytes === undefined || bytes.length <= NONCE_BYTES) return undefined;
    try {
      const iv = bytes.slice(0, NONCE_BYTES);
      // guard: seal/authenticated
      const opened = await crypto.subtle.decrypt(
        algorithm(iv, `${STATE_PREFIX}${key.id}`),
        key.key,
        bytes.slice(NONCE_BYTES),
      );
      // A byte order mark is part of what was sealed.
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(opened);
    } catch {
      return undefined; // changed, or made with another key of this id
    }
  }

  #readyKeys(): Promise<readonly ReadyKey[]> {
    this.#ready ??= Promise.all(this.#keys.map(ready));
    return this.#ready;
  }
}

async function ready({ id, bytes }: SealKey): Promise<ReadyKey> {
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  return { id: id ?? (await derivedId(bytes)), key };
}

async function derivedId(bytes: Uint8Array): Promise<string> {
  const purpose = new TextEncoder().encode(ID_PURPOSE);
  const hash = await crypto.subtle.digest('SHA-256', new Uint8Array([...purpose, ...bytes]));
  return Array.from(new Uint8Array(hash, 0, ID_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function randomKey(): SealKey {
  return { id: 'own', bytes: crypto.getRandomValues(new Uint8Array(KEY_BYTES)) };
}

function algorithm(iv: Uint8Array<ArrayBuffer>, head: string): GcmParameters {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(/* guard: seal/key-id */ head) };
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * @returns `undefined` for what {@link toBase64Url} does not write: the last character must not be changeable
 * either.
 */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );
  return /* guard: seal/canonical */ toBase64Url(bytes) === text ? bytes : undefined;
}
