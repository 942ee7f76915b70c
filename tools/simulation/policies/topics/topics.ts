import type { Choices } from '../../engine/choices.ts';
import type { PolicyPlan } from '../plan.ts';
import type { Reference } from '../references/finding.ts';
import { coalescing } from './coalescing.ts';
import { errorBudgets } from './error-budgets.ts';
import { fairness } from './fairness.ts';
import { keys } from './keys.ts';
import { quotas } from './quotas.ts';
import { replicas } from './replicas.ts';
import { tasks } from './tasks.ts';

/** Of plans that are about one policy, which the others would hide. */
export type TopicName =
  'replicas' | 'quotas' | 'keys' | 'coalescing' | 'error budgets' | 'fairness' | 'tasks';

/** A policy that has plans of its own: those, and a second account of what it does. */
export interface Topic {
  readonly name: TopicName;
  readonly plan: (
    choices: Choices,
    durationMs: number,
  ) => Omit<PolicyPlan, 'seed' | 'topic' | 'isForProcesses'>;
  readonly judge: Reference;
}

/** Seeds take them in turns: one more is one entry here. */
export const TOPICS: readonly Topic[] = [replicas, quotas, keys, coalescing, errorBudgets, fairness, tasks];
