import { GatewayError } from '@omni/ports';

/** What is used of `@napi-rs/keyring`. */
export interface KeyringModule {
  readonly AsyncEntry: new (
    service: string,
    account: string,
    options?: { readonly linux?: { readonly store?: 'secret-service' } },
  ) => KeyringEntry;
  findCredentialsAsync(service: string): Promise<readonly { readonly account: string }[]>;
}

/** One password of a keychain. */
export interface KeyringEntry {
  getPassword(signal?: AbortSignal): Promise<string | null>;
  setPassword(password: string): Promise<void>;
  deletePassword(): Promise<boolean>;
}

/** What there is under "omni" in the keychain of the user. */
export const SERVICE = 'omni';
// Not the kernel's, which forgets at the next start of the machine.
const OPTIONS = { linux: { store: 'secret-service' } } as const;
/** A keychain that asks its user for a password waits for a person who may not be there. */
const LONGEST_WAIT_MS = 10_000;

/**
 * The keychain of the system: macOS, Windows, or the Secret Service of a Linux desktop. Loaded when it is
 * first asked for.
 */
export class Keychain {
  readonly #load: () => Promise<KeyringModule>;
  #module: Promise<KeyringModule> | undefined;

  /** @param load - Default: the package `@napi-rs/keyring`, which may be missing. */
  constructor(load: () => Promise<KeyringModule> = loadKeyring) {
    this.#load = load;
  }

  /** Why it cannot be used, for people; `undefined` when it can. */
  async lack(): Promise<string | undefined> {
    try {
      await this.read(SERVICE, 'omni-probe');
      return undefined;
    } catch (error) {
      return GatewayError.from(error).message;
    }
  }

  async read(service: string, account: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#ask(async ({ AsyncEntry }, limit) => {
      const any = signal === undefined ? limit : AbortSignal.any([limit, signal]);
      return (await new AsyncEntry(service, account, OPTIONS).getPassword(any)) ?? undefined;
    });
  }

  async write(account: string, value: string): Promise<void> {
    await this.#ask(({ AsyncEntry }) => new AsyncEntry(SERVICE, account, OPTIONS).setPassword(value));
  }

  async remove(account: string): Promise<boolean> {
    return this.#ask(async ({ AsyncEntry }) => {
      const entry = new AsyncEntry(SERVICE, account, OPTIONS);
      return (await entry.getPassword()) !== null && (await entry.deletePassword());
    });
  }

  async accounts(): Promise<readonly string[]> {
    const found = await this.#ask((module) => module.findCredentialsAsync(SERVICE));
    return found.map(({ account }) => account).toSorted((a, b) => (a < b ? -1 : 1));
  }

  async #ask<T>(act: (module: KeyringModule, limit: AbortSignal) => Promise<T>): Promise<T> {
    const limit = AbortSignal.timeout(LONGEST_WAIT_MS);
    try {
      this.#module ??= this.#load();
      const module = await this.#module;
      const late = new Promise<never>((_resolve, reject) =>
        limit.addEventListener('abort', () => reject(new Error('it did not answer within 10 s'))),
      );
      return await Promise.race([act(module, limit), late]);
    } catch (cause) {
      throw new GatewayError(
        'OMNI_SECRET_UNAVAILABLE',
        `The keychain of this user cannot be used: ${reasonOf(cause)}`,
        {
          cause,
          hint: 'Machines without a desktop have none: keep secrets in the file (secrets.chain: [file]), or in Vault.',
        },
      );
    }
  }
}

async function loadKeyring(): Promise<KeyringModule> {
  // Not written as text: it is optional, and no bundler is to look for it.
  const name = '@napi-rs/keyring';
  const module: unknown = await import(name);
  // Its own types are those of another file, which need not be there.
  return module as KeyringModule;
}

/** Messages of keychains have no values; only their first line is for people. */
function reasonOf(cause: unknown): string {
  if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')
    return 'the package @napi-rs/keyring is not installed';
  const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  return line.slice(0, 200);
}
