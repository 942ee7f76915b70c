import type { Invariant } from '../checks/violations.ts';

/** A guard without which an invariant breaks, and a seed of the suite `short` that notices it. */
export interface PlantedBug {
  readonly guard: string;
  readonly by: Invariant;
  readonly seed: number;
  readonly seconds: number;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [];
