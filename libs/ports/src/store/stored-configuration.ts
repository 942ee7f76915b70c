import type { Millis } from '../clock.ts';

/** A configuration that has come into force. */
export interface NewConfigRevision {
  /** Of its own: a revision that is kept already is not kept again. */
  readonly key: string;
  readonly at: Millis;
  /** Who brought it: `file`, or a person. */
  readonly author: string;
  /** What brought it: `start`, `file`, `signal`, `apply`, `rollback 3`. */
  readonly cause: string;
  /** Of its sources, secret values included: SHA-256 in hex. */
  readonly hash: string;
  /** JSON: names of servers that differ from the revision before. */
  readonly summary: string;
  /** JSON: its sources without secret values; `null` where those cannot be told from the rest. */
  readonly document: string | null;
  /** Whether {@link document} is all there was: nothing was secret. */
  readonly isWhole: boolean;
}

/** A revision that is kept. */
export interface ConfigRevision extends NewConfigRevision {
  /** From 1, rising. */
  readonly number: number;
}

/** What somebody has decided at run time, in the place of what the configuration says. */
export interface StoredOverride {
  /** What it is about; one takes the place of another. */
  readonly id: string;
  readonly at: Millis;
  readonly author: string;
  /** When it ends by itself; `null`: it does not. */
  readonly until: Millis | null;
  /** JSON. */
  readonly document: string;
}
