import { DEFAULT_ROUTING, type RoutingSettings } from '@omni/ports';
import type { Choices } from '../../engine/choices.ts';
import type { Mood, PlannedCall, PlannedClient, PlannedUpstream } from '../plan.ts';

/** Nothing fails but what a plan lets fail, and what fails is not made again. */
const PLAIN: RoutingSettings = {
  ...DEFAULT_ROUTING,
  retry: { ...DEFAULT_ROUTING.retry, attempts: 1 },
  breaker: { ...DEFAULT_ROUTING.breaker, failures: 0 },
};

export function plainServer(
  name: string,
  routing: Partial<RoutingSettings>,
  more: Partial<PlannedUpstream> = {},
): PlannedUpstream {
  return {
    name,
    transport: 'http',
    era: 'modern',
    callTimeoutMs: 10_000,
    away: [],
    routing: { ...PLAIN, ...routing },
    ...more,
  };
}

export const ADA: PlannedClient = { name: 'a', user: 'ada', era: 'modern' };
export const BOB: PlannedClient = { name: 'b', user: 'bob', era: 'modern' };

/** A call that is answered after `afterMs`, but for what is said otherwise. */
export function plainCall(
  id: string,
  atMs: number,
  { afterMs = 5, ...more }: Partial<PlannedCall> & { readonly afterMs?: number } = {},
): PlannedCall {
  const moods: readonly Mood[] = [{ kind: 'answer', afterMs }];
  return {
    id,
    atMs: Math.round(atMs),
    client: 'a',
    upstream: 'u',
    capability: 'act',
    wantsProgress: false,
    moods,
    ...more,
  };
}

/** Most plans need no longer. */
export const SCENE_MS = 12_000;

/** Times until `durationMs`, some `meanMs` apart. */
export function timesOf(choices: Choices, durationMs: number, meanMs: number): readonly number[] {
  const times: number[] = [];
  for (let atMs = choices.interval(meanMs); atMs < durationMs; atMs += choices.interval(meanMs))
    times.push(atMs);
  return times;
}
