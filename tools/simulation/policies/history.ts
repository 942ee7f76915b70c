import { askedBy, type Mood, type PlannedCall, type PlannedUpstream, type PolicyPlan } from './plan.ts';

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
  /** The first of those that ask for the same. */
  readonly call: CallHistory;
  /** Where it has arrived. */
  readonly server: string;
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
  /** Its answer is to be asked for by this id. */
  | { readonly kind: 'task'; readonly id: string }
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
  /** Whether Omni was killed before it has answered. */
  isLost?: true;
  /** What its task has ended with. */
  result?: Reply;
  resultAtMs?: number;
}

export type HistoryEvent = { readonly atMs: number } & (
  | { readonly kind: 'sent' | 'cancelled' | 'shown' | 'replied' | 'result'; readonly call: CallHistory }
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
  /** Calls whose tasks were shown to other clients. */
  readonly seenByOthers: string[] = [];
  /** When Omni was killed. */
  readonly kills: number[] = [];
  /** Calls by what they ask for: of equal ones the first. */
  readonly #asked = new Map<string, CallHistory>();
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
    for (const call of this.calls.values())
      if (!this.#asked.has(askedBy(call.plan))) this.#asked.set(askedBy(call.plan), call);
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

  /** The task of a call has ended. */
  resulted(id: string, result: Reply): void {
    const call = this.#call(id);
    call.result = result;
    call.resultAtMs = this.#add('result', call, JSON.stringify(result));
  }

  /** Omni was killed before it has answered. */
  lost(id: string): void {
    this.#call(id).isLost = true;
  }

  /** Omni is killed. */
  killed(): void {
    this.#note('Omni is killed');
    this.kills.push(this.#nowMs());
  }

  /**
   * @param token - What is asked for.
   * @param server - Who is asked. Default: the server of the call.
   * @returns The attempt; `undefined` where it belongs to no call.
   */
  arrived(token: string, server?: PlannedUpstream): Attempt | undefined {
    const call = this.#asked.get(token);
    if (call === undefined) return undefined;
    const { name, spells = [] } = server ?? call.upstream;
    const { moods } = call.plan;
    const number = call.attempts.length + 1;
    const atMs = this.#nowMs();
    const spell = spells.find(({ fromMs, forMs }) => fromMs <= atMs && atMs < fromMs + forMs);
    const mood = spell?.mood ?? moods[number - 1] ?? moods.at(-1) ?? { kind: 'silence' };
    const attempt: Attempt = { call, server: name, number, mood, atMs };
    call.attempts.push(attempt);
    this.#note(`${token}#${number} arrives at ${name}`);
    this.events.push({ kind: 'arrived', atMs, attempt });
    return attempt;
  }

  /** The first word counts. */
  ended(attempt: Attempt, end: AttemptEnd): void {
    if (attempt.end !== undefined) return;
    attempt.end = end;
    attempt.endedAtMs = this.#nowMs();
    this.#note(`${askedBy(attempt.call.plan)}#${attempt.number} ends: ${JSON.stringify(end)}`);
    this.events.push({ kind: 'ended', atMs: attempt.endedAtMs, attempt });
  }

  #add(kind: 'sent' | 'cancelled' | 'shown' | 'replied' | 'result', call: CallHistory, how = ''): number {
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
