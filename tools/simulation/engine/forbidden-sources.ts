import { createHash } from 'node:crypto';
import { systemClock } from '@omni/ports';

/** What makes a run differ from its repetition. */
export interface ForbiddenUse {
  readonly what: string;
  /** The first line of the stack that belongs to Omni. */
  readonly where: string;
}

/**
 * Replaces the sources of time and chance that only adapters may use, for as long as a simulation runs: who
 * asks one of them is noted. Random bytes come from the seed, since identifiers need no chance that differs
 * from run to run.
 */
export class ForbiddenSources {
  readonly #uses = new Map<string, ForbiddenUse>();
  readonly #random: () => number;
  readonly #restore: (() => void)[] = [];

  constructor(random: () => number) {
    this.#random = random;
    this.#watch(Date, 'now', 'Date.now');
    this.#watch(Math, 'random', 'Math.random');
    this.#watch(performance, 'now', 'performance.now');
    this.#watch(globalThis, 'setTimeout', 'setTimeout');
    this.#watch(globalThis, 'setInterval', 'setInterval');
    this.#watch(systemClock, 'after', 'systemClock.after');
    this.#replace(crypto, 'getRandomValues', (bytes: Uint8Array) => this.#fill(bytes));
    this.#replace(crypto, 'randomUUID', () => this.#uuid());
    // The runtime's own takes real time, in a thread.
    this.#replace(crypto.subtle, 'digest', (_name: 'SHA-256', bytes: Uint8Array) =>
      Promise.resolve(new Uint8Array(createHash('sha256').update(bytes).digest()).buffer),
    );
  }

  get uses(): readonly ForbiddenUse[] {
    return [...this.#uses.values()];
  }

  end(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #watch(owner: object, name: string, what: string): void {
    const original: unknown = Reflect.get(owner, name);
    // Each of them is a function of the runtime.
    const call = original as (...values: unknown[]) => unknown;
    this.#replace(owner, name, (...values: unknown[]) => {
      const where = callerIn(new Error(what).stack ?? '');
      if (where !== undefined) this.#uses.set(`${what} ${where}`, { what, where });
      return Reflect.apply(call, owner, values);
    });
  }

  #replace(owner: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    this.#restore.push(() => {
      Reflect.deleteProperty(owner, name);
      if (before !== undefined) Object.defineProperty(owner, name, before);
    });
  }

  #fill<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let index = 0; index < view.length; index++) view[index] = Math.floor(this.#random() * 256);
    return bytes;
  }

  #uuid(): string {
    const digits = Array.from(this.#fill(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0'));
    return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}

/** The line of Omni that asked; `undefined` where the runtime or a tool did. */
function callerIn(stack: string): string | undefined {
  const line = stack.split('\n').find((text) => /[\\/]libs[\\/]/.test(text));
  return line?.replace(/^.*[\\/](libs[\\/].*?):\d+\)?$/, '$1');
}
