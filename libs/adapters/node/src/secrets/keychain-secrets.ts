import { GatewayError, SecretBuffer, type SecretProvider, type SharedText } from '@omni/ports';
import { Keychain, SERVICE } from './keychain.ts';

/** Names that are not secrets of users. */
const OWN = 'omni-';

/**
 * Secrets in the keychain of the user, as accounts of the service `omni`. A name with `/` that is not there
 * is looked for as `service/account`, too: what other programs keep.
 */
export class KeychainSecrets implements SecretProvider {
  readonly #keychain: Keychain;

  constructor(keychain: Keychain = new Keychain()) {
    this.#keychain = keychain;
  }

  getName(): string {
    return 'keychain';
  }

  async isAvailable(): Promise<boolean> {
    return (await this.#keychain.lack()) === undefined;
  }

  async resolve(name: string, signal: AbortSignal): Promise<SecretBuffer | undefined> {
    // guard: secrets/keychain-own
    if (isOwn(name)) return undefined;
    const own = await this.#keychain.read(SERVICE, name, signal);
    const slash = name.indexOf('/');
    const service = name.slice(0, Math.max(0, slash));
    // Not its own service: what is kept there has one name.
    const isElsewhere = /* guard: secrets/keychain-second-name */ service.toLowerCase() !== SERVICE;
    const value =
      own ??
      (slash > 0 && isElsewhere
        ? await this.#keychain.read(service, name.slice(slash + 1), signal)
        : undefined);
    return value === undefined ? undefined : SecretBuffer.of(value);
  }

  store(name: string, value: SecretBuffer): Promise<void> {
    if (isOwn(name))
      return Promise.reject(
        new GatewayError('OMNI_SECRET_DENIED', `Names that begin with "${OWN}" are for keys of Omni`),
      );
    return this.#keychain.write(name, value.text());
  }

  delete(name: string): Promise<boolean> {
    if (isOwn(name)) return Promise.resolve(false);
    return this.#keychain.remove(name);
  }

  async list(): Promise<readonly string[]> {
    return (await this.#keychain.accounts()).filter((name) => !isOwn(name));
  }
}

/** Keychains of Windows do not tell letters of two cases apart. */
function isOwn(name: string): boolean {
  return name.toLowerCase().startsWith(OWN);
}

/** One text in the keychain of the user: for keys. Of two processes that change it at once, the last wins. */
export class KeychainText implements SharedText {
  readonly #keychain: Keychain;
  readonly #account: string;

  /** @param account - Begins with `omni-`: no secret of users. */
  constructor(account: string, keychain: Keychain = new Keychain()) {
    this.#keychain = keychain;
    this.#account = account;
  }

  get place(): string {
    return `the keychain of this user (${SERVICE}, ${this.#account})`;
  }

  read(): Promise<string | undefined> {
    return this.#keychain.read(SERVICE, this.#account);
  }

  async change(change: (text: string | undefined) => string | Promise<string>): Promise<void> {
    await this.#keychain.write(this.#account, await change(await this.read()));
  }

  subscribe(): () => void {
    return () => {};
  }
}
