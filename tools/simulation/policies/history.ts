import type { Mood, PlannedCall, PlannedUpstream, PolicyPlan } from './plan.ts';

/** How an attempt ended, as far as its server knows. */
export type AttemptEnd =
  /** `error` is one of JSON-RPC, `tool-error` a result with `isError`. */
  | { readonly kind: 'answer' | 'error' | 'tool-error' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterS?: number }
  | { readonly kind: 'cut'; readonly at: 'request' | 'body' | 'stream' }
  /** Its process has ended, by this attempt or another. */
  | { readonly kind: 'exit' }
  /** Nobody took the connection: nothing was sent. */
  | { readonly kind: 'refused' }
  /** Omni has taken it back. */
  | { readonly kind: 'taken-back' };

/** One attempt of a call that went over the wire. */
export interface Attempt {
  readonly call: CallHistory;
  /** By its arrival, from 1. */
  readonly number: number;
  readonly mood: Mood;
  readonly atMs: number;
  end?: AttemptEnd;
  endedAtMs?: number;
}

export type Reply =
  /** What the server has answered: a result, or an error of its own. */
  | { readonly kind: 'answer'; readonly attempt: number }
  | {
      readonly kind: 'error';
      /** Of what has happened. */
      readonly code: string;
      readonly limit?: string;
      /** Whether nobody knows, by what the client is told, if the call has run. */
      readonly isUnknown?: true;
    }
  /** What nobody can have answered. */
  | { readonly kind: 'strange'; readonly text: string };

/** Everything that was seen of one call. */
export interface CallHistory {
  readonly plan: PlannedCall;
  readonly upstream: PlannedUpstream;
  readonly user: string;
  readonly attempts: Attempt[];
  sentAtMs: number;
  cancelledAtMs?: number;
  /** When the client was told something before the answer. */
  shownAtMs?: number;
  repliedAtMs?: number;
  reply?: Reply;
}

export type HistoryEvent = { readonly atMs: number } & (
  | { readonly kind: 'sent' | 'cancelled' | 'shown' | 'replied'; readonly call: CallHistory }
  | { readonly kind: 'arrived' | 'ended'; readonly attempt: Attempt }
);

/** Times of one instant differ by less: sums of fractions lose that much. */
const INSTANT_MS = 1e-6;

export interface HistoryOptions {
  /** Since the first call could be sent. */
  readonly nowMs: () => number;
  /** Told each event in words. Default: nobody. */
  readonly note?: (line: string) => void;
  /** How late things may be. Default: not at all, as on virtual time. */
  readonly slackMs?: number;
}

/** What went over the wire while a plan ran, in order. */
export class History {
  /** How much two times may differ that ought to be the same. */
  readonly slackMs: number;
  readonly plan: PolicyPlan;
  readonly calls: ReadonlyMap<string, CallHistory>;
  readonly events: HistoryEvent[] = [];
  /** Answers to calls that had one already, or that were given up. */
  readonly surplus: string[] = [];
  readonly #nowMs: () => number;
  readonly #note: (line: string) => void;

  constructor(plan: PolicyPlan, { nowMs, note = () => {}, slackMs = INSTANT_MS }: HistoryOptions) {
    this.plan = plan;
    this.slackMs = slackMs;
    this.#nowMs = nowMs;
    this.#note = note;
    const users = new Map(plan.clients.map(({ name, user }) => [name, user]));
    const upstreams = new Map(plan.upstreams.map((upstream) => [upstream.name, upstream]));
    this.calls = new Map(
      plan.calls.map((call) => {
        const upstream = upstreams.get(call.upstream);
        // A plan names who is in it.
        if (upstream === undefined) throw new RangeError(`There is no server "${call.upstream}"`);
        const user = users.get(call.client) ?? '';
        return [call.id, { plan: call, upstream, user, attempts: [], sentAtMs: Number.NaN }];
      }),
    );
  }

  sent(id: string): void {
    const call = this.#call(id);
    call.sentAtMs = this.#add('sent', call);
  }

  cancelled(id: string): void {
    const call = this.#call(id);
    call.cancelledAtMs = this.#add('cancelled', call);
  }

  shown(id: string): void {
    const call = this.#call(id);
    call.shownAtMs ??= this.#add('shown', call);
  }

  replied(id: string, reply: Reply): void {
    const call = this.#call(id);
    if (call.reply !== undefined) this.surplus.push(id);
    call.reply = reply;
    call.repliedAtMs = this.#add('replied', call, JSON.stringify(reply));
  }

  /** @returns The attempt; `undefined` where it belongs to no call. */
  arrived(id: string): Attempt | undefined {
    const call = this.calls.get(id);
    if (call === undefined) return undefined;
    const { moods } = call.plan;
    const number = call.attempts.length + 1;
    const mood = moods[number - 1] ?? moods.at(-1) ?? { kind: 'silence' };
    const attempt: Attempt = { call, number, mood, atMs: this.#nowMs() };
    call.attempts.push(attempt);
    this.#note(`${id}#${number} arrives at ${call.upstream.name}`);
    this.events.push({ kind: 'arrived', atMs: attempt.atMs, attempt });
    return attempt;
  }

  /** The first word counts. */
  ended(attempt: Attempt, end: AttemptEnd): void {
    if (attempt.end !== undefined) return;
    attempt.end = end;
    attempt.endedAtMs = this.#nowMs();
    this.#note(`${attempt.call.plan.id}#${attempt.number} ends: ${JSON.stringify(end)}`);
    this.events.push({ kind: 'ended', atMs: attempt.endedAtMs, attempt });
  }

  #add(kind: 'sent' | 'cancelled' | 'shown' | 'replied', call: CallHistory, how = ''): number {
    const atMs = this.#nowMs();
    this.#note(`${call.plan.id} ${kind} ${how}`);
    this.events.push({ kind, atMs, call });
    return atMs;
  }

  #call(id: string): CallHistory {
    const call = this.calls.get(id);
    if (call === undefined) throw new RangeError(`There is no call "${id}"`);
    return call;
  }
}

/** What is called: a tool or a prompt of a server. */
export function capabilityKey({ plan: { upstream, capability } }: CallHistory): string {
  return `${upstream} ${capability}`;
}
