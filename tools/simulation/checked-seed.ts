import type { Violation } from './checks/violations.ts';
import { type AnyScenario, runScenario, scenarioFor, type SeedJob, worldOf } from './any-scenario.ts';
import type { RunOptions, RunReport } from './simulation.ts';

/** What a seed has shown, run twice. */
export interface SeedResult extends SeedJob {
  readonly hash: string;
  readonly violations: readonly Violation[];
  /** Sources of time and chance that the core asked in place of its ports. */
  readonly forbidden: readonly string[];
  readonly conditions: Readonly<Record<string, number>>;
  readonly simulatedMs: number;
  readonly workedMs: number;
  /** Of one core. */
  readonly tookMs: number;
  readonly calls: number;
  readonly received: number;
  readonly faults: number;
  readonly events: number;
}

export interface CheckOptions<Checked extends AnyScenario = AnyScenario> {
  /** Whether the repetition is left out, which is to be equal. Default: it is not. */
  readonly isOnce?: boolean;
  /** Whether a run ends with its first violation. Default: it goes on to its end. */
  readonly stopsAtFirst?: boolean;
  /** Default: {@link runScenario}. */
  readonly run?: (scenario: Checked, options?: RunOptions) => Promise<RunReport>;
}

export async function checkSeed(job: SeedJob, options: CheckOptions): Promise<SeedResult> {
  return checkScenario(scenarioFor(job), options);
}

export async function checkScenario<Checked extends AnyScenario>(
  scenario: Checked,
  { isOnce = false, stopsAtFirst = false, run: simulated = runScenario }: CheckOptions<Checked> = {},
): Promise<SeedResult> {
  const before = process.threadCpuUsage();
  const run = await simulated(scenario, { stopsAtFirst });
  const { user, system } = process.threadCpuUsage(before);
  const tookMs = (user + system) / 1_000;
  const violations = [...run.violations];
  // What takes real time is never the same twice.
  if (!isOnce && worldOf(scenario) !== 'processes') {
    const again = await simulated(scenario, { stopsAtFirst });
    if (again.hash !== run.hash) violations.push(difference(run, again));
  }
  return {
    world: worldOf(scenario),
    seed: scenario.seed,
    seconds: scenario.durationMs / 1_000,
    hash: run.hash,
    violations,
    forbidden: run.forbidden.map(({ what, where }) => `${what} at ${where}`),
    conditions: Object.fromEntries(run.conditions),
    simulatedMs: run.simulatedMs,
    workedMs: run.workedMs,
    tookMs,
    calls: run.calls,
    received: run.received,
    faults: run.faults,
    events: run.events,
  };
}

function difference(run: RunReport, again: RunReport): Violation {
  const at = run.trace.findIndex((line, index) => line !== again.trace[index]);
  const [first, second] = [run.trace[at] ?? 'the end', again.trace[at] ?? 'the end'];
  return {
    invariant: 'same',
    atMs: 0,
    what: `its repetition differs; of the last lines first: "${first}" and "${second}"`,
  };
}

/** What a seed has shown that has ended the thread which ran it. */
export function crashedSeed(job: SeedJob, error: Error): SeedResult {
  return {
    ...job,
    hash: '',
    violations: [{ invariant: 'crash', atMs: 0, what: error.stack ?? error.message }],
    forbidden: [],
    conditions: {},
    simulatedMs: 0,
    workedMs: 0,
    tookMs: 0,
    calls: 0,
    received: 0,
    faults: 0,
    events: 0,
  };
}

/** Whether a seed is as it should be. */
export function isSound({ violations, forbidden }: SeedResult): boolean {
  return violations.length === 0 && forbidden.length === 0;
}
