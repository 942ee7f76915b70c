import { type GatewayError, SecretBuffer, type SecretProvider } from '@omni/ports';

/** Secrets that a test changes, and lets fail or wait. */
export class ScriptedSecrets implements SecretProvider {
  /** Names that were asked for, in order. */
  readonly asked: string[] = [];
  /** Fails every question with this. Default: nothing fails. */
  failure: GatewayError | undefined;
  /** What a question waits for. Default: nothing. */
  delay: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly #name: string;
  readonly #values = new Map<string, string>();
  readonly #listeners = new Set<() => void>();

  constructor(name = 'scripted', values: Readonly<Record<string, string>> = {}) {
    this.#name = name;
    for (const [key, value] of Object.entries(values)) this.#values.set(key, value);
  }

  /** Changes a value without a word; `undefined` takes it away. */
  put(name: string, value: string | undefined): void {
    if (value === undefined) this.#values.delete(name);
    else this.#values.set(name, value);
  }

  /** Tells that something may be other now. */
  tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** How many listen to changes. */
  get listeners(): number {
    return this.#listeners.size;
  }

  getName(): string {
    return this.#name;
  }

  isAvailable(): Promise<boolean> {
    return Promise.resolve(this.failure === undefined);
  }

  async resolve(name: string, signal: AbortSignal): Promise<SecretBuffer | undefined> {
    this.asked.push(name);
    await this.delay?.(signal);
    if (this.failure !== undefined) throw this.failure;
    const value = this.#values.get(name);
    return value === undefined ? undefined : SecretBuffer.of(value);
  }

  async store(name: string, value: SecretBuffer): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.#values.set(name, value.text());
    await Promise.resolve();
  }

  async delete(name: string): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure;
    await Promise.resolve();
    return this.#values.delete(name);
  }

  async list(): Promise<readonly string[]> {
    if (this.failure !== undefined) throw this.failure;
    await Promise.resolve();
    return [...this.#values.keys()].toSorted();
  }

  subscribe(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
