import {
  type CallContext,
  type ChunkSink,
  ForwardingReply,
  type Outcome,
  type ReplySink,
  type ResponseHead,
  type RpcNotification,
  type RunningCall,
  type RunRequest,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import { type Culprit, whoseFailure } from '../breaker/whose-failure.ts';
import { DEADLINE_OVER } from '../deadline/deadline-over.ts';
import type { CandidateWalk, RequestCandidate } from './candidate-walk.ts';
import { mayAskAnother } from './may-ask-another.ts';

export interface CandidateRunOptions {
  readonly next: RunRequest;
  readonly walk: Pick<CandidateWalk, 'first' | 'next'>;
  /** Told of each server before it is asked. */
  readonly onRouted: (candidate: RequestCandidate) => void;
  /** Of the request. */
  readonly context: Pick<CallContext, 'wasSent'>;
}

/** One attempt of a request: at the first server that can be asked. */
export class CandidateRun extends ForwardingReply implements RunningCall, ChunkSink {
  readonly #options: CandidateRunOptions;
  #candidate: RequestCandidate | undefined;
  #running: RunningCall | undefined;
  #sink: ChunkSink | undefined;
  /** Why the best of them could not be asked. */
  #refusal: Outcome | undefined;
  #isShown = false;
  /** Whether its time is that of whoever answers the server. */
  #isAsking = false;
  #isOver = false;

  constructor(options: CandidateRunOptions, reply: ReplySink) {
    super(reply);
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  begin(): RunningCall {
    const { walk, next } = this.#options;
    const candidate = walk.first();
    // All of them have been switched off just now.
    if (candidate === undefined) {
      this.#isOver = true;
      return next(this.next);
    }
    this.#run(candidate);
    return this;
  }

  cancel(reason?: string): void {
    if (this.#isOver) return;
    this.#end(
      reason === DEADLINE_OVER && /* guard: candidates/waited-only */ this.#options.context.wasSent === true
        ? whoseFailure({ kind: 'failure', error: new GatewayError('OMNI_UPSTREAM_TIMEOUT', DEADLINE_OVER) })
        : 'caller',
    );
    this.#isOver = true;
    this.#running?.cancel(reason);
  }

  override notification(notification: RpcNotification): boolean {
    this.#isShown = true;
    return this.next.notification(notification);
  }

  override serverRequest(...told: Parameters<ReplySink['serverRequest']>): void {
    this.#isShown = true;
    this.#isAsking = true;
    this.next.serverRequest(...told);
  }

  override settle(outcome: Outcome): void {
    if (this.#isOver) return;
    if (outcome.kind !== 'error') return this.#settle(outcome, this.#isAsking ? 'omni' : 'nobody');
    const culprit = whoseFailure({ kind: 'failure', error: outcome.error });
    const isMovable =
      /* guard: candidates/shown */ !this.#isShown &&
      mayAskAnother(outcome.error, outcome.phase ?? 'not-sent');
    if (!isMovable) return this.#settle(outcome, culprit);
    this.#end(culprit);
    this.#refusal ??= outcome;
    const candidate = this.#options.walk.next();
    if (candidate === undefined) return this.#settle(this.#refusal, culprit);
    // It has not run where it was.
    // guard: candidates/not-run-here
    this.#options.context.wasSent = false;
    this.#run(candidate);
  }

  override get chunks(): ChunkSink | undefined {
    this.#sink = this.next.chunks;
    return this.#sink === undefined ? undefined : this;
  }

  onResponseHead(head: ResponseHead): void {
    this.#isShown = true;
    if (!this.#isOver) this.#sink?.onResponseHead(head);
  }

  onChunk(bytes: Uint8Array): boolean {
    return this.#isOver || this.#sink?.onChunk(bytes) !== false;
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#end(this.#isAsking ? 'omni' : 'nobody');
    this.#isOver = true;
    this.#sink?.onResponseEnd();
  }

  #run(candidate: RequestCandidate): void {
    const { next, onRouted } = this.#options;
    this.#candidate = candidate;
    onRouted(candidate);
    const running = next(this, candidate.destination);
    // It may have failed at once, so that another one is asked by now.
    if (this.#candidate === candidate && !this.#isOver) this.#running = running;
  }

  #settle(outcome: Outcome, culprit: Culprit): void {
    this.#end(culprit);
    this.#isOver = true;
    this.next.settle(outcome);
  }

  #end(culprit: Culprit): void {
    this.#candidate?.call.end(culprit);
  }
}
