import type { Violation } from '../../checks/violations.ts';
import { Choices } from '../../engine/choices.ts';
import type { RunReport } from '../../simulation.ts';
import type { CallHistory, History } from '../history.ts';
import type { Mood, PolicyPlan } from '../plan.ts';
import { judge, POLICIES } from '../policies.ts';
import { type PolicyReport, runPlan } from '../run-plan.ts';
import { runForReal } from './run-for-real.ts';

/** How much later things are, run by run: what is the same in all of them does not depend on it. */
const DELAYS_MS = [0, 5, 20, 20, 60, 60, 120, 120, 250, 250, 400, 400];
/** A difference that shows itself only once was a machine that stood still. */
const REAL_RUNS = 3;
const START_MS = 20;
/** The start of a process is work for a machine. */
const START_FACTOR = 4;
/** What is said of a process that was there and is gone, depending on when it is asked for. */
const OF_GONE = /^OMNI_UPSTREAM_(?:EXITED|DOWN|STARTING)$/;

/**
 * Runs a plan on virtual time and with real processes. What virtual time says for certain has to be so there,
 * and nothing may go over the wire that the references have something against.
 */
export async function compareWithReal(plan: PolicyPlan): Promise<RunReport> {
  const { reports, certain } = await certainOutcomes(plan);
  const [first] = reports;
  // There is a run for each delay.
  if (first === undefined) throw new RangeError('Nothing was run');
  let violations: readonly Violation[] = reports.flatMap((report) => report.violations);
  for (let run = 0; run < REAL_RUNS && (run === 0 || violations.length > 0); run++)
    violations = differences(await runForReal(plan), certain, ...(run === 0 ? [] : [violations]));
  return { ...first, violations: [...reports.flatMap((report) => report.violations), ...violations] };
}

/**
 * What is not as it has to be where real processes have run a plan.
 *
 * @param certain - By call, what becomes of it.
 * @param before - What was found before: only that counts. Default: everything does.
 */
export function differences(
  history: History,
  certain: ReadonlyMap<string, string>,
  before?: readonly Violation[],
): readonly Violation[] {
  const outcomes = outcomesOf(history);
  const different = [...certain].flatMap(([call, outcome]): readonly Violation[] => {
    const real = outcomes.get(call) ?? '';
    if (real === outcome) return [];
    const atMs = history.calls.get(call)?.plan.atMs ?? 0;
    return [
      { invariant: 'P7', atMs, what: `${call} ends as "${real}" in a process, in place of "${outcome}"` },
    ];
  });
  const judged = judge(
    history,
    POLICIES.filter(({ toleratesDelays }) => toleratesDelays === true),
  );
  const found = [...different, ...judged];
  return found.filter(
    ({ invariant, what }) =>
      before === undefined ||
      before.some((one) => one.invariant === invariant && callIn(one.what) === callIn(what)),
  );
}

function callIn(what: string): string {
  return /^u\d+k\d+/.exec(what)?.[0] ?? what;
}

/** What becomes of calls on virtual time whatever chance picks, and however late things are. */
async function certainOutcomes(plan: PolicyPlan): Promise<{
  readonly reports: readonly PolicyReport[];
  readonly certain: ReadonlyMap<string, string>;
}> {
  const reports: PolicyReport[] = [];
  for (const [index, delayMs] of DELAYS_MS.entries())
    reports.push(
      await runPlan(delayed(plan, delayMs, plan.seed + index), {
        startMs: START_MS + delayMs * START_FACTOR,
      }),
    );
  const [first, ...others] = reports.map(({ history }) => outcomesOf(history));
  const certain = new Map(
    [...(first ?? [])].filter(([call, outcome]) => others.every((other) => other.get(call) === outcome)),
  );
  return { reports, certain };
}

/** By call. */
export function outcomesOf({ calls }: History): ReadonlyMap<string, string> {
  return new Map([...calls].map(([id, call]) => [id, outcomeOf(call)]));
}

/** What became of one call: what its client was told, and how its attempts ended. */
function outcomeOf({ reply, cancelledAtMs, attempts }: CallHistory): string {
  const ends = attempts.map(({ end }) =>
    end?.kind === 'status' ? `status ${end.status}` : (end?.kind ?? 'nothing'),
  );
  const code = reply?.kind === 'error' ? [reply.code, reply.limit ?? ''].join(' ').trim() : reply?.kind;
  const told = code === undefined ? 'nothing' : code.replace(OF_GONE, 'gone');
  return `${cancelledAtMs === undefined ? told : 'cancelled'} after ${ends.join(', ') || 'nothing'}`;
}

function delayed(plan: PolicyPlan, mostMs: number, seed: number): PolicyPlan {
  const choices = new Choices(seed, 'delays');
  const late = (): number => Math.round(choices.random() * mostMs);
  return {
    ...plan,
    seed,
    calls: plan.calls.map((call) => ({
      ...call,
      atMs: call.atMs + late(),
      moods: call.moods.map((mood): Mood =>
        'afterMs' in mood ? { ...mood, afterMs: mood.afterMs + late() } : mood,
      ),
    })),
  };
}
