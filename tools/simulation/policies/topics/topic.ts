import type { Choices } from '../../engine/choices.ts';
import type { PolicyPlan } from '../plan.ts';
import type { Reference } from '../references/finding.ts';
import type { TopicName } from './topic-name.ts';

/** A policy that has plans of its own: those, and a second account of what it does. */
export interface Topic {
  readonly name: TopicName;
  readonly plan: (
    choices: Choices,
    durationMs: number,
  ) => Omit<PolicyPlan, 'seed' | 'topic' | 'isForProcesses'>;
  readonly judge: Reference;
}
