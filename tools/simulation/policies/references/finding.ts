import type { Invariant } from '../../checks/violations.ts';
import type { History } from '../history.ts';

/** Something that went over the wire and should not have, or the other way round. */
export interface Finding {
  readonly invariant: Invariant;
  readonly atMs: number;
  readonly what: string;
}

/** A second account of one policy: it reads what went over the wire, and shares no code with the first. */
export type Reference = (history: History) => readonly Finding[];
