import { DEFAULT_ROUTING, type RoutingSettings } from '@omni/ports';
import type { Choices } from '../engine/choices.ts';
import type { History } from './history.ts';
import type { PlannedLimits } from './plan.ts';
import { judgeAnswers } from './references/answers.ts';
import { judgeBreakers } from './references/breakers.ts';
import { judgeDeadlines } from './references/deadlines.ts';
import type { Finding, Reference } from './references/finding.ts';
import { judgeInFlight } from './references/in-flight.ts';
import { judgeCallRates, judgeRequestRates } from './references/rates.ts';
import { judgeRepeats } from './references/repeats.ts';
import { judgeStarts } from './references/starts.ts';
import { judgeTurns } from './references/turns.ts';
import { TOPICS } from './topics/topics.ts';

/** A policy as the simulation knows it: how it may be set, and a second account of what it does. */
export interface SimulatedPolicy {
  readonly name: string;
  /** For one server. Default: nothing is set. */
  readonly routing?: (choices: Choices) => Partial<RoutingSettings>;
  /** For all of them. Default: nothing is set. */
  readonly limits?: (choices: Choices) => Partial<PlannedLimits>;
  readonly judge: Reference;
  /** Whether it can judge where things are late by a time that nobody knows. Default: it cannot. */
  readonly toleratesDelays?: boolean;
}

/** Every policy that plans switch on: one more is one entry here. */
export const POLICIES: readonly SimulatedPolicy[] = [
  {
    name: 'rates of users and sessions',
    limits: (choices) => ({
      ...(choices.chance(0.15) && {
        userRate: { perSecond: choices.pick([5, 12, 20]), burst: choices.between(1, 10) },
      }),
      ...(choices.chance(0.15) && {
        sessionRate: { perSecond: choices.pick([4, 10]), burst: choices.between(1, 8) },
      }),
    }),
    judge: judgeRequestRates,
    toleratesDelays: true,
  },
  {
    name: 'rates of servers and tools',
    routing: (choices) => ({
      ...(choices.chance(0.3) && {
        rate: { perSecond: choices.pick([5, 12, 30]), burst: choices.between(1, 10) },
      }),
      ...(choices.chance(0.15) && {
        capabilityRate: { perSecond: choices.pick([3, 10]), burst: choices.between(1, 6) },
      }),
    }),
    judge: judgeCallRates,
    toleratesDelays: true,
  },
  {
    name: 'queue',
    routing: (choices) => ({
      queue: { maxWaiting: choices.pick([0, 0, 3, 10, 40]), maxWaitMs: choices.pick([200, 1_000, 4_000]) },
    }),
    judge: judgeTurns,
  },
  {
    name: 'calls under way',
    routing: (choices) => ({
      concurrency: {
        isAdaptive: choices.chance(0.2),
        min: choices.between(1, 3),
        max: choices.pick([4, 20]),
        initial: choices.pick([3, 4]),
      },
    }),
    limits: (choices) => ({ maxUpstreamInFlight: choices.pick([3, 30, 100, 100]) }),
    judge: judgeInFlight,
  },
  {
    name: 'breakers of tools',
    routing: (choices) => {
      const openMs = choices.pick([100, 400, 1_500]);
      return {
        breaker: {
          ...DEFAULT_ROUTING.breaker,
          failures: choices.pick([0, 2, 3, 5, 8]),
          openMs,
          maxOpenMs: openMs * choices.pick([1, 2, 8]),
        },
      };
    },
    judge: judgeBreakers,
  },
  {
    name: 'attempts',
    routing: (choices) => ({
      trustsHints: choices.chance(0.8),
      retry: {
        attempts: choices.pick([1, 2, 3, 3, 3, 5]),
        backoffMs: choices.pick([1, 20, 250]),
        factor: choices.pick([1, 2, 3]),
        maxBackoffMs: choices.pick([300, 1_000]),
        budget: choices.pick([0, 0.1, 0.2, 1]),
      },
      hedge: { quantile: choices.pick([0, 0, 0.5, 0.9]), minDelayMs: choices.pick([5, 60]) },
    }),
    judge: judgeRepeats,
    toleratesDelays: true,
  },
  {
    name: 'deadline',
    routing: (choices) => ({ deadlineMs: choices.pick([0, 0, 150, 600, 2_500]) }),
    judge: judgeDeadlines,
    toleratesDelays: true,
  },
  { name: 'waits for a start', judge: judgeStarts },
  { name: 'answers', judge: judgeAnswers },
];

/** @returns What all references have against what went over the wire, first things first. */
export function judge(history: History, policies = POLICIES): readonly Finding[] {
  const { topic: name } = history.plan;
  const topic = TOPICS.find((one) => one.name === name);
  return (topic === undefined ? policies : [topic])
    .flatMap((policy) => policy.judge(history))
    .toSorted((a, b) => a.atMs - b.atMs);
}
