import { Choices } from '../engine/choices.ts';
import { moodOf, upstreamOf } from './make-plan.ts';
import {
  CAPABILITIES,
  type Mood,
  type PlannedCall,
  type PlannedClient,
  type PlannedUpstream,
  type PolicyPlan,
  USERS,
} from './plan.ts';

const UPSTREAMS = 16;
const CLIENTS: readonly PlannedClient[] = USERS.map((user, index) => ({
  name: `c${index}`,
  user,
  era: index === 0 ? 'legacy' : 'modern',
}));
/** Between two things that happen to one server: more than a busy machine is late. */
const STEP_MS = 450;
const BURSTS = 0.3;

/**
 * Servers with a few calls each, far enough from one another for what becomes of them to be known: as a
 * process has to run them, too.
 *
 * @returns The plan of a seed, always the same.
 */
export function episodesOf(seed: number, durationMs: number): PolicyPlan {
  const choices = new Choices(seed, 'episodes');
  const upstreams = Array.from({ length: UPSTREAMS }, (_, index) => upstreamOf(choices, `u${index}`));
  return {
    seed,
    durationMs,
    isForProcesses: true,
    limits: { maxUpstreamInFlight: choices.pick([3, 100]) },
    upstreams,
    clients: CLIENTS,
    calls: upstreams.flatMap((upstream) => callsOf(choices, upstream, durationMs)),
  };
}

function callsOf(choices: Choices, upstream: PlannedUpstream, durationMs: number): readonly PlannedCall[] {
  const calls: PlannedCall[] = [];
  const capability = choices.pick(CAPABILITIES);
  const bad = moodOf(choices, upstream);
  const badFromMs = choices.random() * durationMs;
  const badUntilMs = badFromMs + choices.interval(durationMs / 3);
  for (let atMs = Math.round(choices.random() * STEP_MS); atMs < durationMs; atMs += STEP_MS) {
    const isBad = badFromMs <= atMs && atMs < badUntilMs;
    const count = choices.chance(BURSTS) ? choices.between(2, 6) : 1;
    for (let index = 0; index < count; index++) {
      const answer: Mood = { kind: 'answer', afterMs: choices.between(1, 20) };
      const isCancelled = choices.chance(0.03);
      calls.push({
        id: `${upstream.name}k${calls.length}`,
        atMs,
        client: choices.pick(CLIENTS).name,
        upstream: upstream.name,
        capability: choices.chance(0.8) ? capability : choices.pick(CAPABILITIES),
        wantsProgress: choices.chance(0.2),
        ...(isCancelled && { cancelAfterMs: 60 }),
        moods: isBad ? (choices.chance(0.5) ? [bad] : [bad, answer]) : [answer],
      });
    }
  }
  return calls;
}
