const CANARY = /canary:(\w+-\w+):(\d+)/g;

/** Something that reached somebody whom it does not belong to. */
export interface Leak {
  readonly owner: string;
  readonly why: string;
  readonly text: string;
}

/** What a client hides in its requests. @param owner - `principal-life`. @param serial - Of the call. */
export function canary(owner: string, serial: number): string {
  return `canary:${owner}:${serial}`;
}

/** Looks at every byte that clients and servers receive, and remembers what is not theirs. */
export class CanaryOracle {
  readonly leaks: Leak[] = [];
  /** Messages looked at. */
  messages = 0;
  /** Canaries seen in them. */
  canaries = 0;

  /** Everything in the text must belong to the owner. */
  look(owner: string, text: string): void {
    this.messages++;
    for (const [, found] of text.matchAll(CANARY)) {
      this.canaries++;
      if (found !== owner) this.#leak(owner, 'a canary of somebody else', text);
    }
  }

  /** The answer to a call must hold the canary of that call. */
  lookAtAnswer(owner: string, serial: number, text: string): void {
    for (const [, , found] of text.matchAll(CANARY)) {
      if (found !== String(serial))
        return this.#leak(owner, `the answer to another call than ${serial}`, text);
    }
  }

  /** An answer that nobody waits for. */
  unasked(owner: string, text: string): void {
    this.#leak(owner, 'an answer that was not asked for', text);
  }

  #leak(owner: string, why: string, text: string): void {
    if (this.leaks.length < 10) this.leaks.push({ owner, why, text: text.slice(0, 300) });
  }
}
