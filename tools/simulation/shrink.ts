import { GatewayError } from '@omni/ports';
import { type AnyScenario, isPlan, runScenario } from './any-scenario.ts';
import type { Invariant } from './checks/violations.ts';
import type { PolicyPlan } from './policies/plan.ts';
import type { Scenario } from './scenario.ts';
import type { RunReport } from './simulation.ts';

export interface ShrinkOptions<Shrunk extends AnyScenario = AnyScenario> {
  /** Default 200. */
  readonly maxRuns?: number;
  /** Default: {@link runScenario}. */
  readonly run?: (scenario: Shrunk) => Promise<Pick<RunReport, 'violations'>>;
}

/** How scenarios of one world are made smaller. */
interface Ways<Shrunk> {
  /** Members that are lists, from which parts are left out. Of those that are needed one stays. */
  readonly lists: readonly { readonly name: keyof Shrunk; readonly isNeeded: boolean }[];
  /** Nothing may be said of what is not there. */
  readonly tidy: (scenario: Shrunk) => Shrunk;
  /** What lies behind `endMs` is not needed. */
  readonly cut: (scenario: Shrunk, endMs: number) => Shrunk;
  /** Each of them a little less. */
  readonly details: (scenario: Shrunk) => readonly ((smaller: Shrunk) => Shrunk)[];
}

/** Behind a violation a scenario need not go on for long. */
const AFTER_MS = 1_000;

/**
 * Looks for a smaller scenario that breaks the same invariant: less time, fewer faults, clients, calls and
 * servers, shorter faults.
 */
export function shrink<Shrunk extends AnyScenario>(
  scenario: Shrunk,
  invariant: Invariant,
  options?: ShrinkOptions<Shrunk>,
): Promise<Shrunk>;
export function shrink(
  scenario: AnyScenario,
  invariant: Invariant,
  { maxRuns = 200, run = runScenario }: ShrinkOptions = {},
): Promise<AnyScenario> {
  const search = { invariant, maxRuns, run };
  return isPlan(scenario) ? shrinkBy(OF_PLANS, scenario, search) : shrinkBy(OF_LIVES, scenario, search);
}

async function shrinkBy<Shrunk extends AnyScenario>(
  { lists, tidy, cut, details }: Ways<Shrunk>,
  scenario: Shrunk,
  { invariant, maxRuns, run }: Required<ShrinkOptions> & { readonly invariant: Invariant },
): Promise<Shrunk> {
  let runs = 0;
  let smallest = scenario;
  const breaks = async (candidate: Shrunk): Promise<boolean> => {
    if (runs++ >= maxRuns) return false;
    const result = await run(candidate).catch(refusedConfiguration);
    const first = result?.violations.find((violation) => violation.invariant === invariant);
    if (first === undefined) return false;
    smallest = cut(candidate, first.atMs + AFTER_MS);
    return true;
  };
  if (!(await breaks(scenario))) return scenario;
  for (const { name, isNeeded } of lists)
    await shrinkList(
      () => itemsOf(smallest, name),
      async (items) => !(isNeeded && items.length === 0) && breaks(tidy({ ...smallest, [name]: items })),
    );
  for (const detail of details(smallest)) await breaks(detail(smallest));
  return smallest;
}

function itemsOf<Shrunk>(scenario: Shrunk, name: keyof Shrunk): readonly unknown[] {
  const items: unknown = scenario[name];
  return Array.isArray(items) ? items : [];
}

/** Takes ever smaller parts out, as long as what is left still breaks. */
async function shrinkList(
  current: () => readonly unknown[],
  breaks: (items: readonly unknown[]) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(current().length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < current().length;) {
      const items = current();
      if (!(await breaks([...items.slice(0, from), ...items.slice(from + size)]))) from += size;
    }
  }
}

const OF_LIVES: Ways<Scenario> = {
  lists: [
    { name: 'faults', isNeeded: false },
    { name: 'clients', isNeeded: true },
    { name: 'hosts', isNeeded: true },
  ],
  tidy: (scenario) => {
    const names = new Set(scenario.hosts.map(({ name }) => name));
    return {
      ...scenario,
      faults: scenario.faults.filter(({ host }) => names.has(host)),
      core: scenario.core.filter((name) => names.has(name)),
    };
  },
  cut: (scenario, endMs) =>
    scenario.durationMs <= endMs
      ? scenario
      : { ...scenario, durationMs: endMs, faults: scenario.faults.filter(({ atMs }) => atMs < endMs) },
  details: ({ faults }) =>
    faults.map((_, index) => (smaller) => ({
      ...smaller,
      faults: smaller.faults.map((fault, at) =>
        at === index ? { ...fault, forMs: Math.round(fault.forMs / 4) } : fault,
      ),
    })),
};

const OF_PLANS: Ways<PolicyPlan> = {
  lists: [
    { name: 'upstreams', isNeeded: true },
    { name: 'clients', isNeeded: true },
    { name: 'calls', isNeeded: true },
  ],
  tidy: (plan) => {
    const upstreams = new Set(plan.upstreams.map(({ name }) => name));
    const clients = new Set(plan.clients.map(({ name }) => name));
    return {
      ...plan,
      calls: plan.calls.filter(({ upstream, client }) => upstreams.has(upstream) && clients.has(client)),
    };
  },
  cut: (plan, endMs) =>
    plan.durationMs <= endMs
      ? plan
      : { ...plan, durationMs: endMs, calls: plan.calls.filter(({ atMs }) => atMs < endMs) },
  details: ({ calls }) =>
    calls.map(({ id }) => (smaller) => ({
      ...smaller,
      calls: smaller.calls.map((call) => (call.id === id ? { ...call, moods: call.moods.slice(-1) } : call)),
    })),
};

/** What is left names what was cut, such as a server that another falls back to: it is no scenario. */
function refusedConfiguration(error: unknown): undefined {
  if (!(error instanceof GatewayError) || error.code !== 'OMNI_CONFIG_INVALID') throw error;
}
