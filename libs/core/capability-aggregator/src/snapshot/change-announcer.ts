import { type ChangeKind, type Endpoint, endpointKey } from '@omni/model';
import type { Clock } from '@omni/ports';

/** What changed, for clients of one endpoint. */
export interface CatalogueChange {
  readonly endpoint: Endpoint;
  /** The variant key of the clients that it is for; `undefined` for all who see nothing of their own. */
  readonly audience: string | undefined;
  readonly kinds: ReadonlySet<ChangeKind>;
}

/** Must not throw. */
export type ChangeListener = (change: CatalogueChange) => void;

export interface ChangeAnnouncerOptions {
  readonly clock: Clock;
  /** Shortest time between two announcements to one audience of one endpoint, in milliseconds. */
  readonly debounceMs: number;
  /** What differs from what was last announced; asking counts as announcing. */
  readonly takeChanges: (endpoint: Endpoint, audience: string | undefined) => ReadonlySet<ChangeKind>;
}

interface Pause {
  isTouched: boolean;
  readonly cancel: () => void;
}

/**
 * Announces changes: the first at once, what follows in one announcement after a pause, and nothing that was
 * undone meanwhile.
 */
export class ChangeAnnouncer {
  readonly #options: ChangeAnnouncerOptions;
  readonly #listeners = new Set<ChangeListener>();
  readonly #pauses = new Map<string, Pause>();

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

  /** Something that this audience sees on this endpoint may have changed. */
  touch(endpoint: Endpoint, audience?: string): void {
    const pause = this.#pauses.get(announcementKey(endpoint, audience));
    if (/* guard: change/storm */ pause === undefined) this.#announce(endpoint, audience);
    else pause.isTouched = true;
  }

  /**
   * Something has changed that nobody of this audience has seen before: it is not announced, unless other
   * changes wait to be.
   */
  pass(endpoint: Endpoint, audience: string): void {
    if (this.#pauses.get(announcementKey(endpoint, audience))?.isTouched !== true)
      this.#options.takeChanges(endpoint, audience);
  }

  /** Announces nothing any more. */
  close(): void {
    for (const pause of this.#pauses.values()) pause.cancel();
    this.#pauses.clear();
    this.#listeners.clear();
  }

  #announce(endpoint: Endpoint, audience: string | undefined): void {
    const kinds = this.#options.takeChanges(endpoint, audience);
    // guard: change/same-bytes
    if (kinds.size === 0) return;
    const key = announcementKey(endpoint, audience);
    const cancel = this.#options.clock.after(this.#options.debounceMs, () => {
      const isTouched = this.#pauses.get(key)?.isTouched;
      this.#pauses.delete(key);
      if (isTouched === true) this.#announce(endpoint, audience);
    });
    this.#pauses.set(key, { isTouched: false, cancel });
    for (const listener of this.#listeners) listener({ endpoint, audience, kinds });
  }
}

/** Names of servers hold no spaces. */
export function announcementKey(endpoint: Endpoint, audience: string | undefined): string {
  return `${endpointKey(endpoint)} ${audience ?? ''}`;
}
