import { GatewayError, type KeyWrapper, SecretBuffer, type SecretProvider } from '@omni/ports';
import { membersOf, type VaultAnswer, type VaultClient } from './vault-client.ts';

export interface VaultSecretsOptions {
  readonly client: VaultClient;
  /** Where the engine KV version 2 is mounted. Default: `secret`. */
  readonly mount?: string;
}

interface Place {
  readonly path: string;
  readonly field: string | undefined;
}

interface VaultRecord {
  /** Empty where there is none, or its latest version is deleted. */
  readonly fields: VaultAnswer;
  /** 0: there never was one. */
  readonly version: number;
}

const DEFAULT_FIELD = 'value';
const MAX_NAMES = 10_000;
/** How often a record is written that somebody else changes all the time. */
const MAX_ATTEMPTS = 5;

/**
 * Secrets in the engine "KV - Version 2" of HashiCorp Vault and OpenBao. A name is `path#field`; without a
 * field it is `value`, or the only one that there is.
 */
export class VaultSecrets implements SecretProvider {
  readonly #client: VaultClient;
  readonly #mount: string;

  constructor({ client, mount = 'secret' }: VaultSecretsOptions) {
    this.#client = client;
    this.#mount = encoded(mount);
  }

  getName(): string {
    return 'vault';
  }

  isAvailable(): Promise<boolean> {
    return this.#client.isAvailable();
  }

  async resolve(name: string, signal: AbortSignal): Promise<SecretBuffer | undefined> {
    const { path, field } = placeOf(name);
    const { fields } = await this.#read(path, signal);
    const named = field ?? onlyField(path, fields);
    const value = Object.hasOwn(fields, named) ? fields[named] : undefined;
    if (value === undefined || value === null) return undefined;
    return SecretBuffer.of(typeof value === 'string' ? value : JSON.stringify(value));
  }

  async store(name: string, value: SecretBuffer): Promise<void> {
    const { path, field = DEFAULT_FIELD } = placeOf(name);
    await this.#change(path, (fields) => ({ ...fields, [field]: value.text() }));
  }

  async delete(name: string): Promise<boolean> {
    const { path, field = DEFAULT_FIELD } = placeOf(name);
    let wasThere = false;
    await this.#change(path, (fields) => {
      wasThere = Object.hasOwn(fields, field);
      return Object.fromEntries(Object.entries(fields).filter(([other]) => other !== field));
    });
    return wasThere;
  }

  /** Records, with the fields of none: those are values to Vault, and each would have to be read. */
  async list(): Promise<readonly string[]> {
    const names: string[] = [];
    const folders = [''];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const path = `${this.#mount}/metadata/${encoded(folder)}`;
      const { keys } = membersOf(await this.#client.call({ method: 'LIST', path }), 'data');
      for (const key of Array.isArray(keys) ? keys.map(String) : []) {
        if (key.endsWith('/')) folders.push(`${folder}${key}`);
        else names.push(`${folder}${key}`);
        if (names.length + folders.length > MAX_NAMES) return names.toSorted(byText);
      }
    }
    return names.toSorted(byText);
  }

  async #read(path: string, signal?: AbortSignal): Promise<VaultRecord> {
    const answer = await this.#client.call({
      method: 'GET',
      path: `${this.#mount}/data/${encoded(path)}`,
      ...(signal !== undefined && { signal }),
    });
    const data = membersOf(answer, 'data');
    const { version } = membersOf(data, 'metadata');
    return { fields: membersOf(data, 'data'), version: typeof version === 'number' ? version : 0 };
  }

  /** Other fields stay, whoever writes them meanwhile (check-and-set). */
  async #change(path: string, change: (fields: VaultAnswer) => VaultAnswer): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const record = await this.#read(path);
      const fields = change(record.fields);
      const at = `${this.#mount}/data/${encoded(path)}`;
      if (Object.keys(fields).length === 0) {
        if (Object.keys(record.fields).length > 0) await this.#client.call({ method: 'DELETE', path: at });
        return;
      }
      try {
        const body = { data: fields, options: { cas: record.version } };
        const answer = await this.#client.call({ method: 'POST', path: at, body });
        if (answer !== undefined) return;
        throw new GatewayError('OMNI_SECRET_UNAVAILABLE', `Vault has no engine at ${this.#mount}`);
      } catch (error) {
        const isRace = error instanceof GatewayError && error.message.includes('check-and-set');
        if (!isRace || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }
}

export interface VaultTransitKeyOptions {
  readonly client: VaultClient;
  /** Name of the key; it must support associated data: `aes256-gcm96`, `chacha20-poly1305`. */
  readonly key: string;
  /** Where the engine is mounted. Default: `transit`. */
  readonly mount?: string;
}

/** A key that never leaves Vault ("Transit secrets engine"). */
export class VaultTransitKey implements KeyWrapper {
  readonly id: string;
  readonly #client: VaultClient;
  readonly #path: (act: 'encrypt' | 'decrypt') => string;

  constructor({ client, key, mount = 'transit' }: VaultTransitKeyOptions) {
    this.id = `vault:${mount}/${key}`;
    this.#client = client;
    this.#path = (act) => `${encoded(mount)}/${act}/${encoded(key)}`;
  }

  async wrap(key: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
    const { ciphertext } = await this.#ask('encrypt', { plaintext: base64(key) }, context);
    if (typeof ciphertext !== 'string') throw corrupt(this.id);
    return new TextEncoder().encode(ciphertext);
  }

  async unwrap(wrapped: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
    const ciphertext = new TextDecoder().decode(wrapped);
    const { plaintext } = await this.#ask('decrypt', { ciphertext }, context);
    if (typeof plaintext !== 'string') throw corrupt(this.id);
    return Uint8Array.from(Buffer.from(plaintext, 'base64'));
  }

  async #ask(
    act: 'encrypt' | 'decrypt',
    body: Readonly<Record<string, string>>,
    context: Uint8Array,
  ): Promise<VaultAnswer> {
    try {
      const answer = await this.#client.call({
        method: 'POST',
        path: this.#path(act),
        body: { ...body, associated_data: base64(context) },
      });
      return membersOf(answer, 'data');
    } catch (error) {
      // What it does not decrypt is 400, as is everything else that is wrong with a request.
      if (act === 'decrypt' && error instanceof GatewayError && error.message.startsWith('Vault answers 400'))
        throw corrupt(this.id, error);
      throw error;
    }
  }
}

function onlyField(path: string, fields: VaultAnswer): string {
  const names = Object.keys(fields);
  const [only] = names;
  if (Object.hasOwn(fields, DEFAULT_FIELD) || only === undefined) return DEFAULT_FIELD;
  if (names.length === 1) return only;
  throw new GatewayError('OMNI_SECRET_UNKNOWN', `${path} has ${names.length} fields in Vault`, {
    hint: `Name one: \${VAULT:${path}#field}.`,
  });
}

/** @throws {@link GatewayError} `OMNI_USAGE`: whatever a path could mean beside names. */
function placeOf(name: string): Place {
  const [path = '', field, ...more] = name.split('#');
  const isPath = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  // guard: secrets/vault-path
  if (!isPath || field === '' || more.length > 0)
    throw new GatewayError('OMNI_USAGE', 'The name of a secret in Vault is a path, and a field behind "#"');
  return { path, field };
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function corrupt(id: string, cause?: unknown): GatewayError {
  return new GatewayError('OMNI_SECRET_CORRUPT', `The key ${id} does not open what was wrapped with it`, {
    ...(cause !== undefined && { cause }),
  });
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
