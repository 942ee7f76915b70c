import type { AuditSink, CancelTimer, Clock, Principal } from '@omni/ports';
import type { RefusalReason } from './verified-token.ts';

interface Told {
  count: number;
  readonly type: string;
  readonly actor: string;
  readonly subject: string;
  readonly outcome: 'success' | 'failure';
}

/** What is the same within this time is one more record. */
const TOGETHER_MS = 10_000;
/** Who and what is told apart within that time. */
const MAX_TOLD = 1_000;
const OTHERS = 'others';

/**
 * Tells of every authentication (S002-AU-04): the first of its kind at once, and how many there were of it in
 * the next ten seconds as one. A flood of a thousand kinds is told as one kind more.
 */
export class AuthenticationLog {
  readonly #audit: AuditSink;
  readonly #clock: Clock;
  readonly #told = new Map<string, Told>();
  #cancelFlush: CancelTimer | undefined;

  constructor(audit: AuditSink, clock: Clock) {
    this.#audit = audit;
    this.#clock = clock;
  }

  /** @param from - Address of the other end; `undefined` where it is not known. */
  succeeded({ id, kind }: Principal, from: string | undefined): void {
    this.#add('authentication.succeeded', id, kind, from, 'success');
  }

  /** @param who - As far as it is known: nobody has proved it. */
  failed(reason: RefusalReason, from: string | undefined): void {
    this.#add('authentication.failed', 'unknown', reason, from, 'failure');
  }

  /** Tells of what was counted so far. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    for (const { count, ...told } of this.#told.values())
      if (count > 0) this.#audit.record({ ...told, at: this.#clock.now(), count });
    this.#told.clear();
  }

  #add(type: string, actor: string, what: string, from: string | undefined, outcome: Told['outcome']): void {
    const kind = `${type} ${what} ${from} ${actor}`;
    const known = this.#told.get(kind);
    if (known !== undefined) return void known.count++;
    const isMany = /* guard: identity/audit-flood */ this.#told.size >= MAX_TOLD;
    const key = isMany ? `${type} ${OTHERS}` : kind;
    const others = isMany ? this.#told.get(key) : undefined;
    if (others !== undefined) return void others.count++;
    const told = {
      type,
      outcome,
      actor: isMany ? OTHERS : actor,
      subject: isMany ? OTHERS : `${what} ${from ?? 'unknown'}`,
    };
    this.#told.set(key, { ...told, count: 0 });
    this.#audit.record({ ...told, at: this.#clock.now() });
    this.#cancelFlush ??= this.#clock.after(TOGETHER_MS, () => this.flush());
  }
}
