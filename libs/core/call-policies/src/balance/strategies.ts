import type { BalanceStrategy, Random } from '@omni/ports';
import { textShare } from '../text-hash.ts';
import type { ReplicaLoad } from './replica-load.ts';

/** One of several servers that can take a call. */
export interface Candidate<Replica> {
  readonly replica: Replica;
  /** Stable and unique among the replicas; the hash of a sticky choice is made of it. */
  readonly key: string;
  /** Its part of the calls, above 0; less than the configured one while it starts slowly. */
  readonly weight: number;
  /** What a call to it costs. */
  readonly cost: number;
  readonly load: Pick<ReplicaLoad, 'inFlight' | 'latencyMs' | 'errorShare'>;
}

/** What a choice may depend on. */
export interface ChoiceFacts {
  readonly random: Random;
  /** Calls with the same key go to the same replica, where the strategy is sticky. Default: empty. */
  readonly stickyKey?: string;
}

/** Chooses one of the candidates, of which there is one at least. */
export type Strategy = <Replica>(
  candidates: readonly Candidate<Replica>[],
  facts: ChoiceFacts,
) => Candidate<Replica>;

/** What fails always is taken to answer one call in a hundred. */
const LEAST_ANSWERED = 0.01;
/** A difference of so little is none. */
const CHEAP_ENOUGH = 1.01;

/** A strategy with its own memory, so each group of replicas has its own. */
export function strategyNamed(name: BalanceStrategy): Strategy {
  switch (name) {
    case 'round-robin':
      return roundRobin();
    case 'least-latency':
      return leastLatency;
    case 'least-errors':
      return leastErrors;
    case 'least-cost':
      return leastCost;
    case 'power-of-two':
      return powerOfTwo;
    case 'sticky':
      return sticky;
  }
}

/**
 * Turns by weight, spread as evenly as they can be (smooth weighted round robin): each gains its weight, the
 * one with most goes and pays the weights of all.
 */
function roundRobin(): Strategy {
  const gains = new Map<string, number>();
  return (candidates) => {
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
    for (const key of gains.keys())
      if (!candidates.some((candidate) => candidate.key === key)) gains.delete(key);
    for (const { key, weight } of candidates) gains.set(key, (gains.get(key) ?? 0) + weight);
    const chosen = lowest(candidates, ({ key }) => -(gains.get(key) ?? 0));
    gains.set(chosen.key, (gains.get(chosen.key) ?? 0) - total);
    return chosen;
  };
}

/**
 * By how long it takes to get an answer behind the calls under way, with the failures on the way to it. A
 * replica that nobody knows is taken to be fast.
 */
const leastLatency: Strategy = (candidates, { random }) => {
  const known = candidates.flatMap(({ load }) => load.latencyMs ?? []);
  const unknownMs = known.length === 0 ? 1 : Math.min(...known) / 2;
  return lowest(fromAnywhere(candidates, random), ({ load, weight }) => {
    const answered = Math.max(LEAST_ANSWERED, 1 - load.errorShare);
    return ((load.latencyMs ?? unknownMs) * (load.inFlight + 1)) / (answered * weight);
  });
};

/** By the share of failures, in whole per cent; of equals the one with less to do. */
const leastErrors: Strategy = (candidates, { random }) =>
  lowest(fromAnywhere(candidates, random), ({ load, weight }) => {
    const busy = (load.inFlight + 1) / weight;
    return Math.round(load.errorShare * 100) + busy / (busy + 1);
  });

/** By what a call costs that is answered; of equals the one with less to do. */
const leastCost: Strategy = (candidates, { random }) => {
  const costOf = ({ cost, load }: (typeof candidates)[number]): number =>
    cost / Math.max(LEAST_ANSWERED, 1 - load.errorShare);
  const least = Math.min(...candidates.map(costOf));
  const cheapest = candidates.filter((candidate) => costOf(candidate) <= least * CHEAP_ENOUGH);
  return lowest(fromAnywhere(cheapest, random), ({ load, weight }) => (load.inFlight + 1) / weight);
};

/** Of two by chance, the one with less to do. */
const powerOfTwo: Strategy = (candidates, { random }) => {
  const first = Math.floor(random() * candidates.length);
  const step = 1 + Math.floor(random() * (candidates.length - 1));
  const second = (first + step) % candidates.length;
  const two = [candidates[first], candidates[second]].filter((candidate) => candidate !== undefined);
  return lowest(two, ({ load, weight }) => (load.inFlight + 1) / weight);
};

/** Rendezvous hashing by weight: when a replica goes, only its own keys move. */
const sticky: Strategy = (candidates, { stickyKey = '' }) =>
  lowest(candidates, ({ key, weight }) => -Math.log(textShare(`${stickyKey}\n${key}`)) / weight);

/** The same ones, beginning with any of them, so that the first of equals is not always the same. */
function fromAnywhere<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const begin = Math.floor(random() * items.length);
  return [...items.slice(begin), ...items.slice(0, begin)];
}

/** The first one of the lowest score. */
function lowest<Item extends object>(items: readonly Item[], scoreOf: (item: Item) => number): Item {
  const [first, ...others] = items;
  if (first === undefined) throw new RangeError('there is nothing to choose from');
  let best = first;
  let bestScore = scoreOf(first);
  for (const item of others) {
    const score = scoreOf(item);
    if (score >= bestScore) continue;
    best = item;
    bestScore = score;
  }
  return best;
}
