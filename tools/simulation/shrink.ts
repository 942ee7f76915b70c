import type { Invariant } from './checks/violations.ts';
import type { Scenario } from './scenario.ts';
import { type RunReport, simulate } from './simulation.ts';

export interface ShrinkOptions {
  /** Default 200. */
  readonly maxRuns?: number;
  /** Default: {@link simulate}. */
  readonly run?: (scenario: Scenario) => Promise<Pick<RunReport, 'violations'>>;
}

/** Behind a violation a scenario need not go on for long. */
const AFTER_MS = 1_000;

/**
 * Looks for a smaller scenario that breaks the same invariant: less time, fewer faults, clients and servers,
 * shorter faults.
 */
export async function shrink(
  scenario: Scenario,
  invariant: Invariant,
  { maxRuns = 200, run = simulate }: ShrinkOptions = {},
): Promise<Scenario> {
  let runs = 0;
  let smallest = scenario;
  const breaks = async (candidate: Scenario): Promise<boolean> => {
    if (runs++ >= maxRuns) return false;
    const { violations } = await run(candidate);
    const first = violations.find((violation) => violation.invariant === invariant);
    if (first === undefined) return false;
    smallest = cut(candidate, first.atMs + AFTER_MS);
    return true;
  };
  if (!(await breaks(scenario))) return scenario;
  for (const list of ['faults', 'clients', 'hosts'] as const) await shrinkList(list, () => smallest, breaks);
  for (let index = 0; index < smallest.faults.length; index++)
    await breaks({
      ...smallest,
      faults: smallest.faults.map((fault, at) =>
        at === index ? { ...fault, forMs: Math.round(fault.forMs / 4) } : fault,
      ),
    });
  return smallest;
}

/** Takes ever smaller parts out, as long as what is left still breaks. */
async function shrinkList(
  list: 'faults' | 'clients' | 'hosts',
  current: () => Scenario,
  breaks: (candidate: Scenario) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(current()[list].length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < current()[list].length;) {
      const scenario = current();
      const rest = [...scenario[list].slice(0, from), ...scenario[list].slice(from + size)];
      // A world without servers or clients shows nothing.
      const isEmpty = list !== 'faults' && rest.length === 0;
      if (isEmpty || !(await breaks(without({ ...scenario, [list]: rest })))) from += size;
    }
  }
}

/** Nothing may be said of a server that is not there. */
function without(smaller: Scenario): Scenario {
  const names = new Set(smaller.hosts.map(({ name }) => name));
  return {
    ...smaller,
    faults: smaller.faults.filter(({ host }) => names.has(host)),
    core: smaller.core.filter((name) => names.has(name)),
  };
}

/** What lies behind `endMs` is not needed. */
function cut(scenario: Scenario, endMs: number): Scenario {
  if (scenario.durationMs <= endMs) return scenario;
  return { ...scenario, durationMs: endMs, faults: scenario.faults.filter(({ atMs }) => atMs < endMs) };
}
