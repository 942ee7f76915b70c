import type { World } from './any-scenario.ts';

/** How many seeds of which length: what one place runs. */
export interface SuitePart {
  readonly world: World;
  readonly firstSeed: number;
  readonly seeds: number;
  readonly seconds: number;
}

const MINUTES = 60;

/** By name. Each seed runs twice; the lengths are those of the time in which faults happen. */
export const SUITES: Readonly<Record<string, readonly SuitePart[]>> = {
  /** Of `npm test`. */
  short: [
    { world: 'life', firstSeed: 1, seeds: 12, seconds: 40 * MINUTES },
    { world: 'life', firstSeed: 10_001, seeds: 120, seconds: 60 },
    { world: 'policies', firstSeed: 1, seeds: 80, seconds: 12 },
    { world: 'topics', firstSeed: 1, seeds: 49, seconds: 90 },
    { world: 'processes', firstSeed: 1, seeds: 2, seconds: 5 },
  ],
  /** Of a continuous integration. */
  long: [
    { world: 'life', firstSeed: 1, seeds: 60, seconds: 40 * MINUTES },
    { world: 'life', firstSeed: 10_001, seeds: 440, seconds: 80 },
    { world: 'policies', firstSeed: 1, seeds: 600, seconds: 20 },
    { world: 'topics', firstSeed: 1, seeds: 350, seconds: 120 },
    { world: 'processes', firstSeed: 1, seeds: 12, seconds: 8 },
  ],
  /** 10,000 hours, counted once though each seed runs twice. */
  night: [
    { world: 'life', firstSeed: 100_001, seeds: 9_000, seconds: 60 * MINUTES },
    { world: 'life', firstSeed: 200_001, seeds: 1_200, seconds: 40 * MINUTES },
    { world: 'life', firstSeed: 300_001, seeds: 9_000, seconds: 80 },
    { world: 'policies', firstSeed: 100_001, seeds: 10_000, seconds: 20 },
    { world: 'topics', firstSeed: 100_001, seeds: 7_000, seconds: 120 },
    { world: 'processes', firstSeed: 101, seeds: 200, seconds: 8 },
  ],
};
