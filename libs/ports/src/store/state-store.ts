import type { Millis } from '../clock.ts';
import type { ComponentStatus } from '../component-status.ts';
import type { ConfigRevision, NewConfigRevision, StoredOverride } from './stored-configuration.ts';
import type {
  CallBeginning,
  CallToKeep,
  HealthLogQuery,
  HealthLogRow,
  KeptCall,
  KeptCallLimits,
  KeptOutcome,
  StoreBatch,
  StoredDefinition,
  StoredEvent,
  StoredList,
  StoredUpstream,
  StoreReport,
} from './stored-rows.ts';

/**
 * What Omni remembers of its upstreams over restarts: plain data. It decides nothing; every column is given
 * by the caller.
 *
 * A store has one writer. Whoever opens it becomes the writer, and whoever was it before can write no more:
 * it gets `OMNI_STORE_FENCED`. Calls run one after another, in the order in which they are made; the caller
 * bounds how many wait.
 *
 * Every method fails with a {@link GatewayError}:
 *
 * - `OMNI_STORE_UNAVAILABLE`: nothing can be said about what was under way. The next call connects again.
 * - `OMNI_STORE_FULL`: there is no room; nothing of the call was kept.
 * - `OMNI_STORE_CORRUPT`: what is stored cannot be read; it was not touched.
 * - `OMNI_STORE_DENIED`: the system or the database does not allow it.
 * - `OMNI_STORE_LOCKED`: another Omni has the database.
 * - `OMNI_STORE_FENCED`: there is another writer by now.
 */
export interface StateStore {
  /** Which writer this is: greater than that of every writer before. */
  readonly epoch: number;

  /** Every upstream of which a row is kept, by name. */
  load(): Promise<readonly StoredUpstream[]>;

  /**
   * Keeps all of a batch or nothing; durable when it returns. A batch whose key was written before is not
   * written again, so that one without an answer is settled by writing it once more.
   */
  write(batch: StoreBatch): Promise<void>;

  /**
   * Events of batches that are not marked as published, oldest first.
   *
   * @param limit - Most of them.
   */
  pendingEvents(limit: number): Promise<readonly StoredEvent[]>;

  /** Marks events up to this one, inclusive. */
  markPublished(sequence: number): Promise<void>;

  /** Keeps one list of an upstream in place of the one before; nothing where the upstream has no row. */
  saveList(list: StoredList): Promise<void>;

  /** Every list that is kept. One of another revision than the definition has now is stale. */
  loadLists(): Promise<readonly StoredList[]>;

  /** Upstreams that are defined in the store and nowhere else. */
  definitions(): Promise<readonly StoredDefinition[]>;

  /** The health log, newest first. */
  healthLog(query: HealthLogQuery): Promise<readonly HealthLogRow[]>;

  /**
   * Forgets what is older, a part of it at a time, so that other calls need not wait for all of it: rows of
   * the health log, published events, keys of batches.
   *
   * @param most - Rows that go at most.
   * @returns How many are gone: fewer than `most` when nothing older is left.
   */
  prune(olderThan: Millis, most: number): Promise<number>;

  /**
   * Remembers a call that is about to be made; durable when it returns.
   *
   * Fails with `OMNI_IDEMPOTENCY_UNAVAILABLE` where nothing outlives the store.
   */
  beginCall(call: CallToKeep, limits: KeptCallLimits): Promise<CallBeginning>;

  /**
   * Keeps how a call ended; durable when it returns. Does nothing for one that is not remembered.
   *
   * What it takes is its payload and its outcome; one without a payload is kept in any case.
   *
   * @returns Whether there was room for its payload; if not, nothing of it was kept.
   */
  endCall(id: string, end: KeptOutcome, limits: KeptCallLimits): Promise<boolean>;

  /** A call whose time is not over; `undefined` where none is remembered. */
  findCall(id: string, now: Millis): Promise<KeptCall | undefined>;

  /** Forgets a call that was not made. */
  forgetCall(id: string): Promise<void>;

  /** Forgets calls whose time is over. @returns How many are gone, `most` at most. */
  pruneCalls(now: Millis, most: number): Promise<number>;

  /** Keeps a configuration for good; durable when it returns. @returns Its number. */
  addRevision(revision: NewConfigRevision): Promise<number>;

  /** Configurations that were in force, newest first. */
  revisions(limit: number): Promise<readonly ConfigRevision[]>;

  findRevision(number: number): Promise<ConfigRevision | undefined>;

  /** Keeps an override in the place of one with its id; durable when it returns. */
  keepOverride(override: StoredOverride): Promise<void>;

  forgetOverride(id: string): Promise<void>;

  /** Overrides whose time is not over, oldest first; others are forgotten. */
  overrides(now: Millis): Promise<readonly StoredOverride[]>;

  /** Looks for damage. Takes time that grows with what is stored. */
  check(): Promise<StoreReport>;

  /** Whether the last call could be done. */
  getStatus(): ComponentStatus;

  /** Waits for what is under way. Whatever is called later fails. */
  close(): Promise<void>;
}
