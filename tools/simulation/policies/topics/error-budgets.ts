import { withReserve } from '../../checks/gauges.ts';
import { type Attempt, type AttemptEnd, capabilityKey, type CallHistory } from '../history.ts';
import type { Mood } from '../plan.ts';
import type { Finding, Reference } from '../references/finding.ts';
import { ADA, plainCall, plainServer, SCENE_MS, timesOf } from './plan-parts.ts';
import type { Topic } from './topic.ts';

/** The oldest tenth of a window may count or not. */
const CERTAIN = 0.9;
/** A spent budget is looked at ten times in a window: until then it stays spent. */
const LOOK = 0.1;
/** Nothing of a plan runs for longer. */
const LONGEST_MS = 1_000;

interface Ending {
  readonly atMs: number;
  readonly isFailure: boolean;
}

/** How calls of one server, or of one of its tools, have ended. */
class Ledger {
  readonly #endings: Ending[] = [];

  add(ending: Ending): void {
    this.#endings.push(ending);
  }

  /** Whether too many have failed, wherever the window begins that it is for, or at least somewhere. */
  isSpent(
    how: 'certainly' | 'perhaps',
    atMs: number,
    { errorBudget }: CallHistory['upstream']['routing'],
  ): boolean {
    const { windowMs, share, minCalls } = errorBudget;
    const within = this.#endings.filter((ending) => ending.atMs > atMs - windowMs && ending.atMs <= atMs);
    const certain = within.findIndex((ending) => ending.atMs > atMs - windowMs * CERTAIN);
    const last = certain < 0 ? within.length : certain;
    // One that has begun to be counted with a failure may have forgotten what was before it.
    const from =
      how === 'perhaps' ? within.flatMap(({ isFailure }, index) => (isFailure ? [index] : [])) : [];
    const begins = [...Array.from({ length: last + 1 }, (_, index) => index), ...from];
    const tooMany = (begin: number): boolean => {
      const counted = within.slice(begin);
      const failures = counted.filter(({ isFailure }) => isFailure).length;
      return counted.length >= minCalls && failures > counted.length * share;
    };
    return how === 'certainly' ? begins.every(tooMany) : begins.some(tooMany);
  }
}

/**
 * A server that has spent its budget for certain has half of its places left; a tool that has is not called.
 * And nothing is refused, or called unknown, that cannot have spent it.
 */
export const judgeErrorBudgets: Reference = ({ events, plan }) => {
  const findings: Finding[] = [];
  const find = (atMs: number, what: string): void => void findings.push({ invariant: 'P1', atMs, what });
  const whole = new Ledger();
  const parts = new Map<string, Ledger>();
  const lastSpentMs = new Map<string, number>();
  const hidden = new Map<string, number>();
  const wereHidden = new Set<string>();
  let spentMs = -Infinity;
  let wasPerhapsSpent = false;
  let running = 0;
  const limit = plan.limits.maxUpstreamInFlight;
  for (const event of events) {
    const { atMs } = event;
    const call = 'attempt' in event ? event.attempt.call : event.call;
    const { routing } = call.upstream;
    const { windowMs, hides, concurrency } = routing.errorBudget;
    const key = capabilityKey(call);
    switch (event.kind) {
      case 'arrived': {
        running++;
        const most = withReserve(Math.floor(limit * concurrency));
        const isLow = atMs - spentMs < (windowMs * LOOK) / 2 && whole.isSpent('certainly', atMs, routing);
        if (isLow && running > most)
          find(atMs, `${call.plan.id} is one of ${running}, of ${most} that are left`);
        const sinceMs = hidden.get(key) ?? -Infinity;
        if (hides && atMs > sinceMs && atMs < sinceMs + windowMs * LOOK)
          find(atMs, `${call.plan.id} arrives at what has spent its budget at ${sinceMs}`);
        break;
      }
      case 'ended': {
        running--;
        const isFailure = verdictOf(event.attempt);
        if (isFailure === undefined) break;
        whole.add({ atMs, isFailure });
        // A tool is counted from its first failure on.
        if (isFailure && !parts.has(key)) parts.set(key, new Ledger());
        const part = parts.get(key);
        part?.add({ atMs, isFailure });
        if (!isFailure) break;
        if (whole.isSpent('certainly', atMs, routing)) spentMs = atMs;
        wasPerhapsSpent ||= whole.isSpent('perhaps', atMs, routing);
        if (part?.isSpent('perhaps', atMs, routing) === true) lastSpentMs.set(key, atMs);
        if (part?.isSpent('certainly', atMs, routing) === true && !wereHidden.has(key) && !hidden.has(key))
          hidden.set(key, atMs);
        break;
      }
      case 'replied': {
        const code = call.reply?.kind === 'error' ? call.reply.code : undefined;
        if (code === 'OMNI_NAME_UNKNOWN') {
          wereHidden.add(key);
          const untilMs = (lastSpentMs.get(key) ?? -Infinity) + windowMs * (1 + LOOK) + LONGEST_MS;
          if (!hides || atMs > untilMs)
            find(atMs, `${call.plan.id} to ${key} is unknown, though enough works`);
        }
        if (code === 'OMNI_OVERLOADED' && running < limit && !wasPerhapsSpent)
          find(atMs, `${call.plan.id} is refused, while ${running} of ${limit} run and nothing is spent`);
        break;
      }
      default:
        break;
    }
  }
  return findings;
};

/** Whether it failed; `undefined` for what says nothing of the server. */
function verdictOf({ end }: Attempt): boolean | undefined {
  return end === undefined ? undefined : VERDICTS[end.kind](end);
}

const VERDICTS: Readonly<Record<AttemptEnd['kind'], (end: AttemptEnd) => boolean | undefined>> = {
  answer: () => false,
  error: () => false,
  'tool-error': () => false,
  cut: () => true,
  refused: () => true,
  exit: () => true,
  'taken-back': () => undefined,
  status: (end) => ('status' in end && end.status >= 500 ? true : undefined),
};

const BAD: readonly Mood[] = [
  { kind: 'status', afterMs: 20, status: 500 },
  { kind: 'cut', afterMs: 30, at: 'request' },
];
const NO_FAILURE: readonly Mood[] = [
  { kind: 'status', afterMs: 10, status: 403 },
  { kind: 'status', afterMs: 10, status: 429 },
  { kind: 'tool-error', afterMs: 20 },
];

/** A server that is well for a time, then fails, as a whole or in one tool. */
export const errorBudgets: Topic = {
  name: 'error budgets',
  plan: (choices, longMs) => {
    const durationMs = Math.min(longMs, SCENE_MS);
    const windowMs = choices.pick([2_000, 5_000]);
    const isWhole = choices.chance(0.5);
    const bad = Array.from({ length: 3 }, () => {
      const fromMs = choices.random() * durationMs;
      return { fromMs, untilMs: fromMs + choices.interval(windowMs), share: choices.pick([0.2, 0.5, 0.9]) };
    });
    const tools = ['act', 'look', 'again'] as const;
    return {
      durationMs: longMs,
      limits: { maxUpstreamInFlight: choices.pick([6, 10]) },
      clients: [ADA],
      upstreams: [
        plainServer('u', {
          errorBudget: {
            share: choices.pick([0.1, 0.3]),
            windowMs,
            minCalls: choices.pick([4, 15, 30]),
            concurrency: 0.5,
            hides: choices.chance(0.7),
          },
        }),
      ],
      calls: timesOf(choices, durationMs, 40).map((atMs, index) => {
        const capability = choices.pick(tools);
        const spell = bad.find(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
        const isStruck =
          spell !== undefined && (isWhole || capability === 'act') && choices.chance(spell.share);
        const strange = choices.chance(0.2) ? [choices.pick(NO_FAILURE)] : undefined;
        return {
          ...plainCall(`k${index}`, atMs, { afterMs: 20 + Math.round(choices.interval(150)), capability }),
          ...(isStruck ? { moods: [choices.pick(BAD)] } : strange && { moods: strange }),
        };
      }),
    };
  },
  judge: judgeErrorBudgets,
};
