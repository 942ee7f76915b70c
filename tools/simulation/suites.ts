/** How many seeds of which length: what one place runs. */
export interface SuitePart {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly seconds: number;
}

const MINUTES = 60;

/** By name. Each seed runs twice; the lengths are those of the time in which faults happen. */
export const SUITES: Readonly<Record<string, readonly SuitePart[]>> = {
  /** Of `npm test`. */
  short: [
    { firstSeed: 1, seeds: 12, seconds: 40 * MINUTES },
    { firstSeed: 10_001, seeds: 120, seconds: 60 },
  ],
  /** Of a continuous integration. */
  long: [
    { firstSeed: 1, seeds: 60, seconds: 40 * MINUTES },
    { firstSeed: 10_001, seeds: 440, seconds: 80 },
  ],
  /** 10,000 hours, counted once though each seed runs twice. */
  night: [
    { firstSeed: 100_001, seeds: 9_000, seconds: 60 * MINUTES },
    { firstSeed: 200_001, seeds: 1_200, seconds: 40 * MINUTES },
    { firstSeed: 300_001, seeds: 9_000, seconds: 80 },
  ],
};
