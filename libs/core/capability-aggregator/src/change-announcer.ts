import type { Clock } from '@omni/ports';

/** The lists that clients can be told about; `resources` includes the templates. */
export type ChangeKind = 'tools' | 'prompts' | 'resources';

/** What changed, for clients of one endpoint. */
export interface CatalogueChange {
  /** The server of the endpoint; `undefined` for the endpoint of all. */
  readonly scope: string | undefined;
  readonly kinds: ReadonlySet<ChangeKind>;
}

/** Must not throw. */
export type ChangeListener = (change: CatalogueChange) => void;

export interface ChangeAnnouncerOptions {
  readonly clock: Clock;
  /** Shortest time between two announcements to one endpoint, in milliseconds. */
  readonly debounceMs: number;
  /** What differs from what was last announced; asking counts as announcing. */
  readonly takeChanges: (scope: string | undefined) => ReadonlySet<ChangeKind>;
}

interface Pause {
  isTouched: boolean;
  readonly cancel: () => void;
}

/** Announces changes: the first at once, what follows in one announcement after a pause, and nothing that was undone meanwhile. */
export class ChangeAnnouncer {
  readonly #options: ChangeAnnouncerOptions;
  readonly #listeners = new Set<ChangeListener>();
  readonly #pauses = new Map<string | undefined, Pause>();

  constructor(options: ChangeAnnouncerOptions) {
    this.#options = options;
  }

  /** @returns Stops listening. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Something on this endpoint may have changed. */
  touch(scope: string | undefined): void {
    const pause = this.#pauses.get(scope);
    if (pause === undefined) this.#announce(scope);
    else pause.isTouched = true;
  }

  /** Announces nothing any more. */
  close(): void {
    for (const pause of this.#pauses.values()) pause.cancel();
    this.#pauses.clear();
    this.#listeners.clear();
  }

  #announce(scope: string | undefined): void {
    const kinds = this.#options.takeChanges(scope);
    if (kinds.size === 0) return;
    const cancel = this.#options.clock.after(this.#options.debounceMs, () => {
      const isTouched = this.#pauses.get(scope)?.isTouched;
      this.#pauses.delete(scope);
      if (isTouched === true) this.#announce(scope);
    });
    this.#pauses.set(scope, { isTouched: false, cancel });
    for (const listener of this.#listeners) listener({ scope, kinds });
  }
}
