import { type Attempt, capabilityKey, type CallHistory } from '../history.ts';
import type { Finding, Reference } from './finding.ts';

/** What an end says of a tool: it works, it does not, or nothing. */
type Verdict = 'works' | 'fails' | 'nothing';

/** Chance adds so much to a wait at most. */
const JITTER = 0.1;
const EPSILON = 1e-6;

/**
 * The breakers of tools, by the ends of their calls: so many failures in a row open it; nothing arrives until
 * the wait is over, then one call at a time; one that works closes it, one that fails doubles the wait.
 */
export const judgeBreakers: Reference = (history) => {
  const accounts = new Map<string, Account>();
  const findings: Finding[] = [];
  for (const event of history.events) {
    const call = 'attempt' in event ? event.attempt.call : event.call;
    if (call.upstream.routing.breaker.failures === 0) continue;
    const key = capabilityKey(call);
    const account = accounts.get(key) ?? new Account(key, call, findings);
    accounts.set(key, account);
    switch (event.kind) {
      case 'arrived':
        account.arrived(event.attempt);
        break;
      case 'ended':
        account.ended(event.attempt);
        break;
      case 'replied':
        account.replied(call);
        break;
      default:
        break;
    }
  }
  return findings;
};

class Account {
  readonly #key: string;
  readonly #settings: CallHistory['upstream']['routing']['breaker'];
  /** Whether all its calls that fail have been on the wire. */
  readonly #isThere: boolean;
  readonly #findings: Finding[];
  #failures = 0;
  /** When it opened, and for how long it stays so at least; `undefined` while it is closed. */
  #open: { readonly sinceMs: number; readonly waitMs: number } | undefined;
  #trial: Attempt | undefined;
  /** Changes so far: what was let through before one says nothing behind it. */
  #changes = 0;
  readonly #epochs = new Map<Attempt, number>();
  #lastExitMs = Number.NaN;
  /** Whether it has been open ever since; by when. */
  #openedAtMs: number | undefined;

  constructor(key: string, { upstream }: CallHistory, findings: Finding[]) {
    this.#key = key;
    this.#settings = upstream.routing.breaker;
    const { transport, away, routing } = upstream;
    this.#isThere = away.length === 0 && (transport === 'http' || routing.queue.maxWaiting === 0);
    this.#findings = findings;
  }

  arrived(attempt: Attempt): void {
    const { atMs } = attempt;
    this.#epochs.set(attempt, this.#changes);
    const open = this.#open;
    if (open === undefined) return;
    const openedForMs = atMs - open.sinceMs;
    if (openedForMs < open.waitMs - EPSILON)
      this.#find(atMs, attempt.call, `arrives ${openedForMs} ms after it opened, of ${open.waitMs}`);
    else if (this.#trial !== undefined)
      this.#find(atMs, attempt.call, `arrives while ${this.#trial.call.plan.id} is its trial`);
    this.#trial = attempt;
  }

  ended(attempt: Attempt): void {
    const atMs = attempt.endedAtMs ?? 0;
    const verdict = this.#verdictOf(attempt, atMs);
    if (this.#epochs.get(attempt) !== this.#changes && (this.#open !== undefined || verdict !== 'works'))
      return;
    if (this.#open === undefined) {
      if (verdict === 'works') this.#failures = 0;
      if (verdict === 'fails' && ++this.#failures >= this.#settings.failures) {
        this.#openedAtMs = atMs;
        this.#opens(atMs, this.#settings.openMs);
      }
      return;
    }
    if (attempt !== this.#trial) return;
    this.#trial = undefined;
    if (verdict === 'fails') this.#opens(atMs, Math.min(this.#open.waitMs * 2, this.#settings.maxOpenMs));
    if (verdict === 'works') {
      this.#open = undefined;
      this.#openedAtMs = undefined;
      this.#failures = 0;
      this.#changes++;
    }
  }

  /** Nothing is refused without a reason, or later than it could be. */
  replied(call: CallHistory): void {
    const { reply, repliedAtMs = 0, sentAtMs, attempts } = call;
    if (reply?.kind !== 'error' || reply.code !== 'OMNI_CIRCUIT_OPEN') return;
    const open = this.#open;
    if (!this.#isThere) {
      // Failures that were not on the wire have opened it, nobody knows when.
      if (open === undefined) this.#opens(repliedAtMs, 0);
      return;
    }
    if (open === undefined)
      return this.#find(repliedAtMs, call, `is refused after ${this.#failures} failures`);
    const openForMs = repliedAtMs - open.sinceMs;
    const isOver = openForMs > open.waitMs * (1 + JITTER) + EPSILON;
    if (isOver && this.#trial === undefined)
      this.#find(
        repliedAtMs,
        call,
        `is refused ${openForMs} ms after it opened, of ${open.waitMs}, without a trial`,
      );
    const wasOpen = this.#openedAtMs !== undefined && this.#openedAtMs < sentAtMs;
    const waitedMs = repliedAtMs - sentAtMs;
    const isDue = sentAtMs > open.sinceMs + open.waitMs - EPSILON;
    const waitsForTurns = call.upstream.transport === 'http' && attempts.length === 0;
    if (waitsForTurns && wasOpen && open.sinceMs < sentAtMs && !isDue && waitedMs > 0)
      this.#find(repliedAtMs, call, `has waited ${waitedMs} ms to be refused`);
  }

  #opens(sinceMs: number, waitMs: number): void {
    this.#open = { sinceMs, waitMs };
    this.#trial = undefined;
    this.#failures = 0;
    this.#changes++;
  }

  #verdictOf({ end, call }: Attempt, atMs: number): Verdict {
    switch (end?.kind) {
      case 'answer':
      case 'error':
      case 'tool-error':
        return 'works';
      case 'status':
        return end.status >= 500 && end.status !== 511 ? 'fails' : 'nothing';
      case 'cut':
      case 'refused':
        return 'fails';
      case 'exit': {
        // However many of its calls it ends.
        const isKnown = this.#lastExitMs === atMs;
        this.#lastExitMs = atMs;
        return isKnown ? 'nothing' : 'fails';
      }
      case 'taken-back':
        return this.#wasTooSlow(call, atMs) ? 'fails' : 'nothing';
      case undefined:
        return 'nothing';
    }
  }

  /** Omni takes back what its client gave up, what another attempt has answered, and what is too slow. */
  #wasTooSlow({ cancelledAtMs, shownAtMs, attempts }: CallHistory, atMs: number): boolean {
    const isAnswered = attempts.some(
      ({ end, endedAtMs }) => endedAtMs === atMs && end?.kind !== 'taken-back' && end !== undefined,
    );
    return cancelledAtMs !== atMs && !isAnswered && !(shownAtMs === atMs && attempts.length > 1);
  }

  #find(atMs: number, { plan: { id } }: CallHistory, what: string): void {
    this.#findings.push({ invariant: 'P3', atMs, what: `${id} to ${this.#key} ${what}` });
  }
}
