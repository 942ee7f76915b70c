import { Choices } from '../../engine/choices.ts';
import type { PolicyPlan } from '../plan.ts';
import { TOPICS } from './topics.ts';

/** Seeds that are near to one another begin alike otherwise. */
const SPREAD = 0x9e3779b1;

/** @returns The plan of a seed, always the same: about one policy, in turns. */
export function topicPlanOf(seed: number, durationMs: number): PolicyPlan {
  const topic = TOPICS[(seed - 1) % TOPICS.length];
  if (topic === undefined) throw new RangeError('There are no topics');
  const choices = new Choices(Math.imul(seed, SPREAD), `plans about ${topic.name}`);
  const plan = topic.plan(choices, durationMs);
  return { ...plan, seed, topic: topic.name, isForProcesses: false };
}
