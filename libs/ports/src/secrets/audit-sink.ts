import type { Millis } from '../clock.ts';

/** One thing that was done, without what it was done with. */
export interface AuditRecord {
  /** E.g. `secret.resolved`. */
  readonly type: string;
  readonly at: Millis;
  /** Who did it, or for whom: `server:github`, `setting:auth.token`, `owner`. */
  readonly actor: string;
  /** What it was done to, e.g. `VAULT:db/password`. Never a value. */
  readonly subject: string;
  readonly outcome: 'success' | 'failure';
  /** How often; where many are told as one. Default: once. */
  readonly count?: number;
  /** Further facts, free of values. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/** Where what was done is written down. Never throws, never waits; what it cannot keep, it tells itself. */
export interface AuditSink {
  record(record: AuditRecord): void;
}

/** Writes nothing down. */
export const silentAudit: AuditSink = { record() {} };
