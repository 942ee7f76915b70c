import { GatewayError, type KeyWrapper, SecretBuffer, type SharedText } from '@omni/ports';
import { LocalKeyWrapper } from './envelope.ts';

/** The keys that secrets are sealed with. */
export interface SealingKeys {
  /** Where they are, for messages. */
  readonly place: string;
  /** The one that seals first, then those that former secrets may need; empty when there is none. */
  all(): Promise<readonly KeyWrapper[]>;
  /** Makes a new one, which is the first from now on. */
  make(): Promise<KeyWrapper>;
  /** Keys that nothing needs any more. */
  drop(ids: readonly string[]): Promise<void>;
}

const KEY = /^[A-Za-z0-9+/]{43}=$/;

/** Keys of this process, a line in base64 for each. */
export class KeyRing implements SealingKeys {
  readonly #origin: string;
  readonly #text: SharedText;

  /** @param origin - Begins their ids, e.g. `file`, `keychain`. */
  constructor(origin: string, text: SharedText) {
    this.#origin = origin;
    this.#text = text;
  }

  get place(): string {
    return this.#text.place;
  }

  async all(): Promise<readonly LocalKeyWrapper[]> {
    return Promise.all(this.#lines(await this.#text.read()).map((line) => this.#wrapper(line)));
  }

  async make(): Promise<LocalKeyWrapper> {
    const key = crypto.getRandomValues(new Uint8Array(32));
    const line = btoa(String.fromCharCode(...key));
    await this.#text.change((text) => textOf([line, ...this.#lines(text)]));
    return LocalKeyWrapper.of(this.#origin, new SecretBuffer(key));
  }

  async drop(ids: readonly string[]): Promise<void> {
    await this.#text.change(async (text) => {
      const kept: string[] = [];
      for (const line of this.#lines(text)) {
        const wrapper = await this.#wrapper(line);
        if (!ids.includes(wrapper.id)) kept.push(line);
        wrapper.dispose();
      }
      return textOf(kept);
    });
  }

  /** @throws {@link GatewayError} `OMNI_SECRET_CORRUPT`: half a key is not taken for none. */
  #lines(text: string | undefined): readonly string[] {
    if (text === undefined) return [];
    const lines = text.split('\n').filter((line) => line !== '');
    // guard: secrets/key-text
    if (lines.length === 0 || !lines.every((line) => KEY.test(line)))
      throw new GatewayError('OMNI_SECRET_CORRUPT', `${this.place} holds no key`);
    return lines;
  }

  #wrapper(line: string): Promise<LocalKeyWrapper> {
    const key = Uint8Array.from(atob(line), (character) => character.charCodeAt(0));
    return LocalKeyWrapper.of(this.#origin, new SecretBuffer(key));
  }
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
