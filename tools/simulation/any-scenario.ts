import { episodesOf } from './policies/make-episodes.ts';
import { planOf } from './policies/make-plan.ts';
import type { PolicyPlan } from './policies/plan.ts';
import { topicPlanOf } from './policies/topics/make-topic-plan.ts';
import { compareWithReal } from './policies/real/compared.ts';
import { runPlan } from './policies/run-plan.ts';
import { type Scenario, scenarioOf } from './scenario.ts';
import { type RunOptions, type RunReport, simulate } from './simulation.ts';

/**
 * What is simulated: servers that live through trouble; calls that meet the policies of routing, all of them
 * or one at a time; or such calls on virtual time and with real processes.
 */
export type World = 'life' | 'policies' | 'topics' | 'processes';

export type AnyScenario = Scenario | PolicyPlan;

/** One seed of a given length. */
export interface SeedJob {
  readonly world: World;
  readonly seed: number;
  readonly seconds: number;
}

export function worldOf(scenario: AnyScenario): World {
  if (!isPlan(scenario)) return 'life';
  if (scenario.topic !== undefined) return 'topics';
  return scenario.isForProcesses ? 'processes' : 'policies';
}

export function isPlan(scenario: AnyScenario): scenario is PolicyPlan {
  return 'calls' in scenario;
}

/** @returns The scenario of a seed, always the same. */
export function scenarioFor({ world, seed, seconds }: SeedJob): AnyScenario {
  const durationMs = seconds * 1_000;
  switch (world) {
    case 'life':
      return scenarioOf(seed, durationMs);
    case 'policies':
      return planOf(seed, durationMs);
    case 'topics':
      return topicPlanOf(seed, durationMs);
    case 'processes':
      return episodesOf(seed, durationMs);
  }
}

/** Runs a scenario of any world. */
export function runScenario(scenario: AnyScenario, options?: RunOptions): Promise<RunReport> {
  if (!isPlan(scenario)) return simulate(scenario, options);
  return scenario.isForProcesses ? compareWithReal(scenario) : runPlan(scenario, options);
}

/** The options of `npm run simulate` that run a seed. */
export function optionsText({ world, seed, seconds }: SeedJob): string {
  return `${world === 'life' ? '' : `--${world} `}--seed ${seed} --seconds ${seconds}`;
}
