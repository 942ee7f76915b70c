import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchResult, Measurements, NginxRange } from './bench-result.ts';

const BYTES = 200;
const CONNECTIONS = 32;
const FEW_ROUNDS = 5;

/**
 * The ratio to nginx depends on the machine more than that to a forwarder on Node, so it is given as a range
 * over the runs that are stored, and is no goal.
 *
 * @returns `undefined` when no run has both.
 */
export function nginxRange(results: readonly Pick<Measurements, 'throughput'>[]): NginxRange | undefined {
  const found = results.flatMap(ratiosOf);
  if (found.length === 0) return undefined;
  const range = (values: readonly number[]): readonly [number, number] => [
    Math.min(...values),
    Math.max(...values),
  ];
  return {
    runs: found.length,
    byRate: range(found.map(({ rate }) => rate)),
    byCpu: range(found.map(({ cpu }) => cpu)),
  };
}

/** Every result that is stored in a folder. */
export function storedResults(folder: string): BenchResult[] {
  if (!existsSync(folder)) return [];
  return (
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .toSorted()
      // Holds: the bench writes nothing else there.
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as BenchResult)
  );
}

/** The range in one sentence. */
export function nginxRangeText({ runs, byRate, byCpu }: NginxRange): string {
  const shown = ([low, high]: readonly [number, number]): string => `${low.toFixed(2)} to ${high.toFixed(2)}`;
  return `Omni ÷ nginx, W1 0.2 KB c=32, over ${runs} stored runs of ${FEW_ROUNDS} rounds and more: ${shown(byRate)} by rate, ${shown(byCpu)} by CPU per call.`;
}

function ratiosOf({ throughput }: Pick<Measurements, 'throughput'>): { rate: number; cpu: number }[] {
  return throughput
    .filter(({ workload }) => workload === 'W1')
    .flatMap(({ cells }) => cells)
    .filter(
      ({ bytes, connections, roundsKept }) =>
        bytes === BYTES && connections === CONNECTIONS && roundsKept >= FEW_ROUNDS,
    )
    .flatMap(({ ratios }) => ratios)
    .filter(({ of, to }) => of === 'omni' && to === 'nginx')
    .flatMap(({ callsPerSecond, perCore }) =>
      perCore === undefined ? [] : [{ rate: callsPerSecond.median, cpu: perCore.median }],
    );
}
