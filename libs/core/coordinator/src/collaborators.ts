import type { CircuitState, HealthStatus, LifecycleNote } from '@omni/model';
import type {
  CallBeginning,
  CallToKeep,
  ConfigRevision,
  KeptCall,
  KeptCallLimits,
  KeptOutcome,
  Millis,
  NewConfigRevision,
  StoredDefinition,
  StoredList,
  StoredOverride,
} from '@omni/ports';

/** One note of the life cycle, as it is told to whoever listens: plain data. */
export interface UpstreamNote {
  /** Unique among all notes of all runs of Omni; those of a run sort as they happened. */
  readonly id: string;
  readonly at: Millis;
  readonly upstream: string;
  readonly note: LifecycleNote;
  /** `mcp_servers.health_status` after it. */
  readonly status: HealthStatus;
  readonly previousStatus: HealthStatus;
  readonly circuitState: CircuitState;
  /** How long it was in the state before. */
  readonly lastedMs: Millis;
  /** Code of what failed last. */
  readonly lastErrorCode: string | null;
}

export interface CoordinatorRestart {
  readonly epoch: number;
  /** Why the one before is gone. */
  readonly reason: string;
  /** How long nobody but main decided. */
  readonly awayMs: Millis;
}

/** Told what supervision does, on main. */
export interface SupervisionObserver {
  /**
   * Told once for each note, when it is stored, or when it cannot be for now.
   *
   * @param isPersisted - Whether it is stored already.
   */
  onNote(note: UpstreamNote, isPersisted: boolean): void;
  /** A coordinator has taken the place of one that died. */
  onRestarted(restart: CoordinatorRestart): void;
  /** Upstreams that are defined in the store, all of them: other ones than before. */
  onDefinitions(definitions: readonly StoredDefinition[]): void;
  /** Lists that were stored in an earlier run, also of upstreams that the store defines; once. */
  onLists(lists: readonly StoredList[]): void;
}

/** Where calls are remembered that must not be made twice. */
export interface CallMemory {
  /**
   * Remembers a call that is about to be made; durable when it returns.
   *
   * @throws {@link GatewayError} `OMNI_IDEMPOTENCY_UNAVAILABLE` where there is no store that outlives Omni,
   *   `OMNI_STORE_UNAVAILABLE` while it cannot be written.
   */
  begin(call: CallToKeep, limits: KeptCallLimits): Promise<CallBeginning>;
  /**
   * Keeps how a call ended; waits for a store that can be written.
   *
   * @returns Whether there was room for it; if not, nothing of it was kept.
   */
  end(id: string, end: KeptOutcome, limits: KeptCallLimits): Promise<boolean>;
  /**
   * A call whose time is not over; `undefined` where none is remembered.
   *
   * @throws {@link GatewayError} `OMNI_STORE_UNAVAILABLE` while the store cannot be read.
   */
  find(id: string, now: Millis): Promise<KeptCall | undefined>;
  /** Forgets a call that was not made. */
  forget(id: string): Promise<void>;
}

/**
 * Where configurations and overrides are kept. What is asked waits for a store that is not open yet.
 *
 * @throws {@link GatewayError} `OMNI_STORE_*`: each, where there is no store or it fails.
 */
export interface ConfigurationMemory {
  /** @returns Its number. */
  addRevision(revision: NewConfigRevision): Promise<number>;
  /** Newest first. */
  revisions(limit: number): Promise<readonly ConfigRevision[]>;
  findRevision(number: number): Promise<ConfigRevision | undefined>;
  keepOverride(override: StoredOverride): Promise<void>;
  forgetOverride(id: string): Promise<void>;
  /** Those whose time is not over. */
  overrides(now: Millis): Promise<readonly StoredOverride[]>;
}
