import type { PlannedCall } from '../plan.ts';
import type { Reference } from '../references/finding.ts';
import { ADA, BOB, plainCall, plainServer } from './plan-parts.ts';
import type { Topic } from './topic.ts';

/** Shares of users differ by so much at most. */
const TOLERANCE = 0.1;
/** Of fewer calls a tenth is less than one. */
const ENOUGH_CALLS = 20;
/** How much more often the greedy user calls. */
const GREED = 100;
/** What the other user asks for, of its share. */
const DEMAND = 1.3;
const SCENE_MS = 12_000;

/** Two users who want more than there is get the same, whoever asks a hundred times as often. */
export const judgeFairness: Reference = ({ calls, plan }) => {
  // Behind it the queue has those whose line is longer.
  const lastMs = Math.max(...plan.calls.map(({ atMs }) => atMs));
  const servedOf = (user: string): number =>
    [...calls.values()].filter(
      (call) => call.user === user && call.reply?.kind === 'answer' && (call.attempts[0]?.atMs ?? 0) < lastMs,
    ).length;
  const [greedy, modest] = [servedOf('ada'), servedOf('bob')];
  if (greedy + modest < ENOUGH_CALLS) return [];
  const isFair = Math.abs(greedy - modest) <= TOLERANCE * modest;
  return isFair
    ? []
    : [{ invariant: 'P4', atMs: lastMs, what: `ada is served ${greedy} times, bob ${modest} times` }];
};

/** A server that takes so many calls a second, by its rate or by its places. */
export const fairness: Topic = {
  name: 'fairness',
  plan: (choices, longMs) => {
    const durationMs = Math.min(longMs, SCENE_MS);
    const perSecond = choices.pick([3, 4]);
    const isByRate = choices.chance(0.5);
    const places = choices.pick([1, 2]);
    const everyMs = 1_000 / ((perSecond / 2) * DEMAND);
    const callsOf = (client: string, stepMs: number): readonly PlannedCall[] =>
      Array.from({ length: Math.floor(durationMs / stepMs) }, (_, index) =>
        plainCall(`${client}${index}`, index * stepMs, {
          client,
          afterMs: isByRate ? 5 : Math.round((places * 1_000) / perSecond),
        }),
      );
    return {
      durationMs: longMs,
      limits: { maxUpstreamInFlight: isByRate ? 100 : places },
      clients: [ADA, BOB],
      upstreams: [
        plainServer('u', {
          ...(isByRate && { rate: { perSecond, burst: 1 } }),
          queue: { maxWaiting: choices.pick([20, 60]), maxWaitMs: 8_000 },
        }),
      ],
      calls: [...callsOf('a', everyMs / GREED), ...callsOf('b', everyMs)],
    };
  },
  judge: judgeFairness,
};
