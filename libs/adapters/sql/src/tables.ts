import type { Generated } from 'kysely';

/** A time: ISO 8601 in UTC where it is written; PostgreSQL gives dates back. */
export type StoredTime = string | Date;

/** The tables, by the names that others who read the database rely on. */
export interface Tables {
  readonly mcp_servers: {
    readonly id: Generated<number>;
    readonly name: string;
    readonly source: 'file' | 'registry' | 'db' | 'api';
    readonly revision: string | null;
    readonly definition: string | null;
    readonly transport: string | null;
    readonly url: string | null;
    readonly command: string | null;
    readonly enabled: boolean | number;
    readonly critical: boolean | number;
    readonly health_status: Generated<string>;
    readonly circuit_state: Generated<string>;
    readonly consecutive_failures: Generated<number>;
    readonly failed_cycles: Generated<number>;
    readonly last_recovery_attempt: StoredTime | null;
    readonly next_attempt_at: StoredTime | null;
    readonly last_health_check: StoredTime | null;
    readonly last_seen: StoredTime | null;
    readonly outage_started_at: StoredTime | null;
    readonly total_downtime_seconds: Generated<number>;
    readonly disabled_reason: string | null;
    readonly disabled_at: StoredTime | null;
    readonly last_error_code: string | null;
    readonly last_error: string | null;
    readonly protocol_version: string | null;
    readonly server_info: string | null;
    readonly record: string | null;
    readonly record_revision: string | null;
    readonly created_at: StoredTime | null;
    readonly updated_at: StoredTime | null;
    readonly writer_epoch: number | null;
  };
  readonly mcp_health_log: {
    readonly id: Generated<number>;
    readonly mcp_server_id: number | null;
    readonly at: StoredTime;
    readonly event_type: string;
    readonly status: string | null;
    readonly previous_status: string | null;
    readonly reason: string | null;
    readonly response_time_ms: number | null;
    readonly error_code: string | null;
    readonly error_message: string | null;
    readonly attempt: number | null;
    readonly recovery_eta_ms: number | null;
    readonly metadata: string | null;
    readonly instance_id: string | null;
  };
  readonly mcp_lists: {
    readonly mcp_server_id: number;
    readonly kind: string;
    readonly revision: string;
    readonly bytes: Uint8Array;
    readonly read_at: StoredTime;
  };
  readonly outbox: {
    readonly seq: Generated<number>;
    readonly at: StoredTime;
    readonly event: string;
    readonly published_at: StoredTime | null;
  };
  readonly written_batches: { readonly key: string; readonly at: StoredTime };
  readonly kept_calls: {
    readonly id: string;
    readonly principal: string;
    readonly digest: string;
    readonly operation: string;
    readonly begun_at: StoredTime;
    readonly kept_until: StoredTime;
    readonly outcome: string | null;
    readonly payload: Uint8Array | null;
    /** Bytes of outcome and payload. */
    readonly size: Generated<number>;
  };
  readonly config_revisions: {
    readonly number: Generated<number>;
    readonly key: string;
    readonly at: StoredTime;
    readonly author: string;
    readonly cause: string;
    readonly hash: string;
    readonly summary: string;
    readonly document: string | null;
    readonly is_whole: boolean | number;
  };
  readonly overrides: {
    readonly id: string;
    readonly at: StoredTime;
    readonly author: string;
    readonly until: StoredTime | null;
    readonly document: string;
  };
  readonly meta: { readonly key: string; readonly value: string };
}

/** How a time is written. */
export function timeText(at: number): string {
  return new Date(at).toISOString();
}

export function optionalTimeText(at: number | null): string | null {
  return at === null ? null : timeText(at);
}

/** A time that was read, in milliseconds since the epoch. */
export function timeOf(time: StoredTime): number {
  return new Date(time).getTime();
}
