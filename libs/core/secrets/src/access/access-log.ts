import type { AuditSink, CancelTimer, Clock, SecretReference } from '@omni/ports';
import { secretReferenceText } from '@omni/ports';

/** Who uses a secret: `server:github`, `setting:auth.token`, `owner`. */
export type SecretConsumer = string;

/** Hits of one minute are one record. */
const HITS_MS = 60_000;

/** What becomes known of a secret, beside its value. */
export type SecretAccess =
  | { readonly kind: 'resolved'; readonly provider: string }
  | { readonly kind: 'fallback'; readonly provider: string; readonly insteadOf: string }
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'stored' | 'deleted'; readonly provider: string };

/**
 * Writes down every access to a secret, never its value (S002-SE-02, S002-SE-05): what was asked of providers
 * one by one, what was in the cache as one record for each secret, consumer and minute.
 */
export class AccessLog {
  readonly #audit: AuditSink;
  readonly #clock: Clock;
  /** Those of this minute, by secret and consumer. */
  readonly #hits = new Map<string, Hits>();
  readonly #counted = new Set<Hits>();
  #cancelFlush: CancelTimer | undefined;

  constructor(audit: AuditSink, clock: Clock) {
    this.#audit = audit;
    this.#clock = clock;
  }

  record(reference: SecretReference, consumer: SecretConsumer, { kind, ...details }: SecretAccess): void {
    this.#audit.record({
      type: `secret.${kind}`,
      at: this.#clock.now(),
      actor: consumer,
      subject: secretReferenceText(reference),
      outcome: kind === 'failed' || kind === 'refused' ? 'failure' : 'success',
      details,
    });
  }

  /** The counter of a secret and a consumer; whoever uses it often keeps it. */
  hits(reference: SecretReference, consumer: SecretConsumer): Hits {
    const subject = secretReferenceText(reference);
    const key = `${consumer}\n${subject}`;
    let hits = this.#hits.get(key);
    if (hits === undefined) this.#hits.set(key, (hits = new Hits(subject, consumer, this.#onFirst)));
    return hits;
  }

  /** Writes down what was counted so far. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    for (const hits of this.#counted)
      this.#audit.record({
        type: 'secret.cache_hit',
        at: this.#clock.now(),
        actor: hits.consumer,
        subject: hits.subject,
        outcome: 'success',
        count: hits.take(),
      });
    this.#counted.clear();
    this.#hits.clear();
  }

  readonly #onFirst = (hits: Hits): void => {
    this.#counted.add(hits);
    this.#cancelFlush ??= this.#clock.after(HITS_MS, () => this.flush());
  };
}

/** Counts hits; costs an addition. */
export class Hits {
  readonly subject: string;
  readonly consumer: SecretConsumer;
  readonly #onFirst: (hits: Hits) => void;
  #count = 0;

  constructor(subject: string, consumer: SecretConsumer, onFirst: (hits: Hits) => void) {
    this.subject = subject;
    this.consumer = consumer;
    this.#onFirst = onFirst;
  }

  add(): void {
    if (this.#count++ === 0) this.#onFirst(this);
  }

  /** @returns How many there were since it was called last. */
  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}
