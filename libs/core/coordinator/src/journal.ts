import type {
  CancelTimer,
  Clock,
  OutsideDefinition,
  StoreBatch,
  StoredEvent,
  UpstreamStateRow,
} from '@omni/ports';
import type { UpstreamNote } from './collaborators.ts';
import type { StoreFailure } from './messages.ts';
import { type Gap, gapRowOf, logRowOf } from './stored-forms.ts';

export interface JournalOptions {
  /** Of this run of Omni, unique among all. */
  readonly run: string;
  readonly clock: Clock;
  /** Hands a batch to whoever writes. */
  readonly send: (batch: StoreBatch) => void;
  readonly tell: (note: UpstreamNote, isPersisted: boolean) => void;
  /** Events of the outbox up to this one have been told. */
  readonly acknowledge: (sequence: number) => void;
}

/** Most notes that wait to be written. */
const MAX_NOTES = 1_000;
/** Most notes of one batch. */
const NOTES_AT_ONCE = 200;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

interface PendingNote {
  readonly note: UpstreamNote;
  isTold: boolean;
}

interface Unanswered {
  readonly batch: StoreBatch;
  readonly notes: readonly PendingNote[];
  readonly inOutbox: readonly PendingNote[];
}

/**
 * What has been executed and is not known to be stored: states, of which the newest of each upstream counts,
 * and notes, each of them. Lives on main, so that it outlives every coordinator.
 *
 * One batch is under way at a time. One without an answer is written again as it was, under the same key,
 * which the store takes once.
 */
export class Journal {
  readonly #options: JournalOptions;
  #defined = new Map<string, OutsideDefinition>();
  #removed = new Set<string>();
  #states = new Map<string, UpstreamStateRow>();
  #notes: PendingNote[] = [];
  #gap: Gap | null = null;
  #unanswered: Unanswered | undefined;
  /** Notes that were told before they were stored, and are in the outbox, or will be. */
  readonly #toldEarly = new Set<string>();
  /** Notes that are stored and come back from the outbox. */
  readonly #expected = new Set<string>();
  #toldSequence = 0;
  #batches = 0;
  #failures = 0;
  #failure: StoreFailure | null = null;
  #isOpen = false;
  #cancelRetry: CancelTimer | undefined;
  readonly #onEmpty = new Set<() => void>();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Why nothing is stored at the moment; `null`: it is. */
  get failure(): StoreFailure | null {
    return this.#failure;
  }

  /** `open`, `closed`, or the code of why nothing is stored. */
  get status(): string {
    return this.#failure?.code ?? (this.#isOpen ? 'open' : 'closed');
  }

  /** How many notes wait to be written. */
  get waiting(): number {
    return this.#notes.length + (this.#unanswered?.notes.length ?? 0);
  }

  define(definitions: readonly OutsideDefinition[], removed: Iterable<string>): void {
    for (const name of removed) {
      this.#removed.add(name);
      this.#defined.delete(name);
      this.#states.delete(name);
    }
    for (const definition of definitions) {
      this.#defined.set(definition.name, definition);
      this.#removed.delete(definition.name);
    }
    this.#send();
  }

  /** @param state - `undefined` for an upstream that has lost its place, whose row is another's. */
  add(state: UpstreamStateRow | undefined, notes: readonly UpstreamNote[]): void {
    if (state !== undefined && !this.#removed.has(state.name)) this.#states.set(state.name, state);
    for (const note of notes) this.#notes.push({ note, isTold: false });
    if (this.#isHeldUp) this.#tellEarly();
    // guard: coordinator/notes
    while (this.#notes.length > MAX_NOTES) this.#skip();
    this.#send();
  }

  /** The store of a coordinator is open. */
  opened(): void {
    this.#isOpen = true;
    this.#failures = 0;
    this.#failure = null;
    this.#write();
  }

  openFailed(failure: StoreFailure): void {
    this.#failure = failure;
    this.#tellEarly();
    this.#tellEmpty();
  }

  /** Whoever wrote is gone. */
  lost(): void {
    this.#isOpen = false;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#tellEarly();
    this.#tellEmpty();
  }

  written(key: string, failure: StoreFailure | null): void {
    if (key !== this.#unanswered?.batch.key) return;
    this.#failure = failure;
    if (/* guard: coordinator/stored */ failure === null) {
      this.#failures = 0;
      for (const { note } of this.#unanswered.inOutbox) this.#expected.add(note.id);
      this.#unanswered = undefined;
      this.#send();
      return;
    }
    this.#tellEarly();
    const waitMs = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 0;
    this.#failures++;
    this.#cancelRetry = this.#options.clock.after(waitMs, () => {
      this.#cancelRetry = undefined;
      this.#write();
    });
    this.#tellEmpty();
  }

  /** What is stored, or was when an earlier run ended, and has not been told. */
  relayed(events: readonly StoredEvent[]): void {
    const { tell, acknowledge } = this.#options;
    for (const { sequence, event } of events) {
      if (sequence <= this.#toldSequence) continue;
      this.#toldSequence = sequence;
      // Holds: nobody else writes events.
      const note = JSON.parse(event) as UpstreamNote;
      this.#expected.delete(note.id);
      if (!this.#toldEarly.delete(note.id)) tell(note, true);
    }
    acknowledge(this.#toldSequence);
    this.#tellEmpty();
  }

  /** Resolves when everything is stored and told, or nothing can be stored for now. */
  async whenStored(): Promise<void> {
    if (this.#isSettled) return;
    await new Promise<void>((resolve) => this.#onEmpty.add(resolve));
  }

  stop(): void {
    this.#isOpen = false;
    this.#cancelRetry?.();
    this.#tellEarly();
    this.#tellEmpty();
  }

  get #isHeldUp(): boolean {
    return !this.#isOpen || this.#failure !== null;
  }

  get #isSettled(): boolean {
    const isDone = this.#unanswered === undefined && !this.#hasWork && this.#expected.size === 0;
    return this.#isHeldUp || isDone;
  }

  get #hasWork(): boolean {
    const sizes = [this.#defined.size, this.#removed.size, this.#states.size, this.#notes.length];
    return this.#gap !== null || sizes.some((size) => size > 0);
  }

  #send(): void {
    if (this.#unanswered !== undefined || !this.#isOpen) return;
    if (!this.#hasWork) return this.#tellEmpty();
    const { run, clock } = this.#options;
    const notes = this.#notes.splice(0, NOTES_AT_ONCE);
    const log = notes.map(({ note }) => logRowOf(note));
    // What everybody knows already needs no outbox.
    const inOutbox = notes.filter(({ isTold }) => !isTold);
    this.#unanswered = {
      notes,
      inOutbox,
      batch: {
        key: `${run}:${++this.#batches}`,
        at: clock.now(),
        defined: [...this.#defined.values()],
        states: [...this.#states.values()],
        log: this.#gap === null ? log : [gapRowOf(this.#gap, run), ...log],
        events: inOutbox.map(({ note }) => JSON.stringify(note)),
        removed: [...this.#removed],
      },
    };
    this.#defined = new Map();
    this.#states = new Map();
    this.#removed = new Set();
    this.#gap = null;
    this.#write();
  }

  /** Writes the batch without an answer, if there is one, or the next. */
  #write(): void {
    if (this.#cancelRetry !== undefined || !this.#isOpen) return;
    if (this.#unanswered === undefined) this.#send();
    else this.#options.send(this.#unanswered.batch);
  }

  /** Nobody waits for the store to learn what has happened. */
  #tellEarly(): void {
    for (const pending of this.#unanswered?.notes ?? []) {
      if (pending.isTold) continue;
      this.#toldEarly.add(pending.note.id);
      this.#tell(pending);
    }
    for (const pending of this.#notes) if (!pending.isTold) this.#tell(pending);
  }

  #tell(pending: PendingNote): void {
    pending.isTold = true;
    this.#options.tell(pending.note, false);
  }

  #skip(): void {
    const skipped = this.#notes.shift();
    if (skipped === undefined) return;
    if (!skipped.isTold) this.#tell(skipped);
    const { at } = skipped.note;
    this.#gap = { since: this.#gap?.since ?? at, until: at, rows: (this.#gap?.rows ?? 0) + 1 };
  }

  #tellEmpty(): void {
    if (!this.#isSettled) return;
    for (const tell of this.#onEmpty) tell();
    this.#onEmpty.clear();
  }
}
