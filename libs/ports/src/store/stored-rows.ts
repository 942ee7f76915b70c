import type { Millis } from '../clock.ts';

/** `mcp_servers.health_status` (S001-ST-05). */
export type StoredHealthStatus = 'healthy' | 'disconnected' | 'circuit_open' | 'disabled';

/** What is decided at once, and kept at once. */
export interface StoreBatch {
  /** Unique among all batches of all writers; at most 100 characters. */
  readonly key: string;
  readonly at: Millis;
  /**
   * Upstreams that are defined outside of the store: their rows are made, or follow the definition. A row
   * that is defined in the store keeps its own.
   */
  readonly defined?: readonly OutsideDefinition[];
  /** What is said of an upstream without a row is dropped. */
  readonly states?: readonly UpstreamStateRow[];
  readonly log?: readonly HealthLogRow[];
  /** For the outbox, in this order. */
  readonly events?: readonly string[];
  /**
   * Names of upstreams that are no longer defined outside: their rows go, with log and lists. A row that is
   * defined in the store stays.
   */
  readonly removed?: readonly string[];
}

/** What others read of a definition. */
export interface DefinitionColumns {
  readonly name: string;
  readonly transport: string | null;
  /** Free of secrets. */
  readonly url: string | null;
  /** Free of secrets. */
  readonly command: string | null;
  readonly enabled: boolean;
  readonly critical: boolean;
}

export interface OutsideDefinition extends DefinitionColumns {
  readonly source: 'file' | 'registry';
  /** Identity of the definition. */
  readonly revision: string;
}

export interface StoredDefinition extends DefinitionColumns {
  readonly source: 'db' | 'api';
  /** `null` where whoever wrote the row did not say. */
  readonly revision: string | null;
  /** JSON of the entry; `null` where the columns say it all. */
  readonly definition: string | null;
}

/** Columns of `mcp_servers` that say how an upstream is. */
export interface UpstreamStateRow {
  readonly name: string;
  /** The record of the life cycle, in JSON: what {@link StateStore.load} gives back. */
  readonly record: string;
  /** Identity of the definition that the record belongs to, at most 100 characters. */
  readonly recordRevision: string;
  readonly healthStatus: StoredHealthStatus;
  readonly circuitState: 'closed' | 'open' | 'half_open';
  readonly consecutiveFailures: number;
  readonly failedCycles: number;
  readonly lastRecoveryAttempt: Millis | null;
  readonly nextAttemptAt: Millis | null;
  readonly lastHealthCheck: Millis | null;
  readonly lastSeen: Millis | null;
  readonly outageStartedAt: Millis | null;
  /** Kept in whole seconds. */
  readonly totalDowntimeMs: number;
  readonly disabledReason: string | null;
  readonly disabledAt: Millis | null;
  readonly lastErrorCode: string | null;
  readonly lastError: string | null;
  readonly protocolVersion: string | null;
  /** JSON. */
  readonly serverInfo: string | null;
}

/** A row of `mcp_health_log`. */
export interface HealthLogRow {
  /** `null`: about Omni itself, such as a gap in the log. */
  readonly upstream: string | null;
  readonly at: Millis;
  readonly eventType: string;
  readonly status: string | null;
  readonly previousStatus: string | null;
  readonly reason: string | null;
  readonly responseTimeMs: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly attempt: number | null;
  readonly recoveryEtaMs: number | null;
  /** JSON. */
  readonly metadata: string | null;
  readonly instanceId: string | null;
}

export interface HealthLogQuery {
  /** Absent: rows of all, and those about Omni. */
  readonly upstream?: string;
  /** Only rows that are older. */
  readonly before?: Millis;
  readonly limit: number;
}

export interface StoredUpstream {
  readonly name: string;
  readonly source: 'file' | 'registry' | 'db' | 'api';
  readonly revision: string | null;
  /** As it was written; `null` where nothing has been. */
  readonly record: string | null;
  /** Of the definition that the record belongs to; absent where that is not kept: `revision` counts then. */
  readonly recordRevision?: string | null;
  /** Time of the batch that wrote the record. */
  readonly writtenAt: Millis | null;
}

export interface StoredEvent {
  /** Grows from one event to the next; there may be gaps. */
  readonly sequence: number;
  readonly at: Millis;
  readonly event: string;
}

/** One list of an upstream, as everybody sees it. */
export interface StoredList {
  readonly upstream: string;
  /** Of the definition that it was read by. */
  readonly revision: string;
  readonly kind: 'tools' | 'resources' | 'templates' | 'prompts';
  readonly bytes: Uint8Array;
  readonly readAt: Millis;
}

/** A call that must not be made twice, before it is made. */
export interface CallToKeep {
  /** Unique; at most 100 characters. */
  readonly id: string;
  /** In whose share it counts. */
  readonly principal: string;
  /** Of what it asks for, at most 100 characters: another one under the same id is another call. */
  readonly digest: string;
  /** By which people find it; at most 40 characters. */
  readonly operation: string;
  readonly begunAt: Millis;
  /** From then on it is as if it had never been. */
  readonly keptUntil: Millis;
}

/** How much is kept of the calls of one principal. */
export interface KeptCallLimits {
  readonly maxCalls: number;
  /** Of all its outcomes, with their payloads. */
  readonly maxBytes: number;
}

/** How a call ended. */
export interface KeptOutcome {
  /** JSON. */
  readonly outcome: string;
  readonly payload: Uint8Array | null;
}

/** What a store says of a call that is about to be made. */
export type CallBeginning =
  /** It is remembered from now on. */
  | { readonly kind: 'begun' }
  /** It is already; `end` is `null` where nobody has said how it ended. */
  | {
      readonly kind: 'known';
      readonly digest: string;
      readonly operation: string;
      readonly end: KeptOutcome | null;
    }
  /** The principal has as many as it may have; the oldest of them is forgotten then. */
  | { readonly kind: 'full'; readonly until: Millis };

/** A call that is remembered. */
export interface KeptCall {
  readonly digest: string;
  readonly operation: string;
  readonly begunAt: Millis;
  readonly keptUntil: Millis;
  /** `null` where nobody has said how it ended. */
  readonly end: KeptOutcome | null;
}

export interface StoreReport {
  readonly engine: 'sqlite' | 'postgres' | 'memory';
  readonly schemaVersion: number;
  /** Of what is wrong, a line each; at most 100. Empty: nothing was found. */
  readonly problems: readonly string[];
}
