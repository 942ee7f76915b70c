import type { SharedText } from '@omni/ports';

/** A text in memory. */
export class MemorySharedText implements SharedText {
  readonly place: string;
  text: string | undefined;
  /** Fails everything with this. Default: nothing fails. */
  failure: Error | undefined;
  readonly #listeners = new Set<() => void>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(place = 'memory', text?: string) {
    this.place = place;
    this.text = text;
  }

  async read(): Promise<string | undefined> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    return this.text;
  }

  change(change: (text: string | undefined) => string | Promise<string>): Promise<void> {
    const done = this.#turn.then(async () => {
      this.text = await change(await this.read());
      for (const listener of [...this.#listeners]) listener();
    });
    this.#turn = done.catch(() => {});
    return done;
  }

  subscribe(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
