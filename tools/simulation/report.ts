import { isSound, type SeedResult } from './checked-seed.ts';
import { optionsText } from './any-scenario.ts';
import { INVARIANTS } from './checks/violations.ts';

/** What many seeds have shown together. */
export interface Totals {
  readonly seeds: number;
  readonly failed: readonly number[];
  /** Of the first run of each seed. */
  readonly simulatedHours: number;
  /** How many times faster than real time the first runs were. */
  readonly timesRealTime: number;
  readonly callsPerSecond: number;
  readonly faultsPerMinute: number;
  readonly violations: Readonly<Record<string, number>>;
  readonly conditions: Readonly<Record<string, number>>;
  readonly missed: readonly string[];
}

export function totalsOf(results: readonly SeedResult[], needed: readonly string[]): Totals {
  const sum = (of: (result: SeedResult) => number): number =>
    results.reduce((all, result) => all + of(result), 0);
  const conditions: Record<string, number> = {};
  for (const result of results)
    for (const [name, count] of Object.entries(result.conditions))
      conditions[name] = (conditions[name] ?? 0) + count;
  const violations: Record<string, number> = {};
  for (const { invariant } of results.flatMap((result) => result.violations))
    violations[invariant] = (violations[invariant] ?? 0) + 1;
  const seconds = sum(({ seconds: length }) => length);
  return {
    seeds: results.length,
    failed: results.filter((result) => !isSound(result)).map(({ seed }) => seed),
    simulatedHours: sum(({ simulatedMs }) => simulatedMs) / 3_600_000,
    timesRealTime: Math.round(
      sum(({ simulatedMs }) => simulatedMs) /
        Math.max(
          1,
          sum(({ tookMs }) => tookMs),
        ),
    ),
    callsPerSecond: sum(({ calls }) => calls) / (sum(({ workedMs }) => workedMs) / 1_000),
    faultsPerMinute: sum(({ faults }) => faults) / (seconds / 60),
    violations,
    conditions,
    missed: needed.filter((name) => conditions[name] === undefined),
  };
}

/** What a failing seed has broken, and how to see it again. */
export function failureText(result: SeedResult): string {
  const { world, seed, seconds, violations, forbidden } = result;
  return [
    `seed ${seed} of ${world} over ${seconds} s: npm run simulate -- ${optionsText(result)} --trace`,
    ...violations.map(
      ({ invariant, atMs, what }) =>
        `  ${invariant} at ${(atMs / 1_000).toFixed(3)} s: ${what}\n    (${INVARIANTS[invariant]})`,
    ),
    ...forbidden.map((where) => `  the core asks ${where}`),
  ].join('\n');
}

export function totalsText({
  seeds,
  simulatedHours,
  timesRealTime,
  callsPerSecond,
  faultsPerMinute,
  conditions,
  missed,
}: Totals): string {
  return [
    `${seeds} seeds, ${simulatedHours.toFixed(1)} simulated hours, ${timesRealTime} times real time`,
    `${callsPerSecond.toFixed(1)} calls a second, ${faultsPerMinute.toFixed(1)} faults a minute`,
    `${Object.keys(conditions).length} conditions reached`,
    ...(missed.length === 0 ? [] : [`not reached: ${missed.join(', ')}`]),
  ].join('\n');
}
