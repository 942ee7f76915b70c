import type { RpcMessage } from '@omni/jsonrpc';
import {
  type Answer,
  type AnswerServerRequest,
  type FailedOutcome,
  isClientGone,
  NOTHING_RUNS,
  OMNI_STOPPED,
  type Outcome,
  type ReplySink,
  type RpcNotification,
  type RunningCall,
  type RunRequest,
  type TellFailure,
} from '@omni/model';
import {
  type CallBeginning,
  type CallToKeep,
  GatewayError,
  type KeptCall,
  type KeptCallLimits,
  type KeptOutcome,
  type Millis,
} from '@omni/ports';
import { answerOf, keptOutcome } from './kept-outcome.ts';
import { mayHaveRun, unknownOutcome } from './unknown-outcome.ts';

/** What keeps calls over restarts. */
export interface CallRecords {
  begin(call: CallToKeep, limits: KeptCallLimits): Promise<CallBeginning>;
  /** @returns Whether there was room for its payload; if not, nothing of it was kept. */
  end(id: string, end: KeptOutcome, limits: KeptCallLimits): Promise<boolean>;
  /** @returns `undefined` for one that is not remembered. */
  find(id: string, now: Millis): Promise<KeptCall | undefined>;
  forget(id: string): Promise<void>;
}

/** A request that waits for a run. */
export interface KeyedMember {
  readonly reply: ReplySink;
  /** As JSON. */
  readonly requestId: string;
  readonly digest: string;
}

export interface KeyedRunOptions {
  readonly records: CallRecords;
  readonly limits: KeptCallLimits;
  readonly call: CallToKeep;
  readonly run: RunRequest;
  /** Of the request that the call is made for. */
  readonly context: { readonly wasSent?: boolean };
  /** Whether nothing is lost when it is made again. */
  readonly isSafe: boolean;
  readonly tellFailure: TellFailure;
  /** Omni has ended while the call was under way. */
  readonly onLost: (operation: string) => void;
  /** Nobody can join any more: what became of it is stored, or never will be. */
  readonly onOver: () => void;
}

/**
 * A call with a key: remembered before it is made, made once, and its outcome kept for whoever comes with the
 * same key. It goes on when the connection of its client is lost, and ends when the last who waits for it
 * cancels it.
 */
export class KeyedRun implements ReplySink {
  readonly #options: KeyedRunOptions;
  readonly #members = new Set<KeyedMember>();
  /** Hears what precedes the answer; `undefined` when it is gone. */
  #leader: KeyedMember | undefined;
  #running: RunningCall | undefined;
  #onDrained: (() => void) | undefined;
  #answer: Answer | undefined;

  constructor(options: KeyedRunOptions, leader: KeyedMember) {
    this.#options = options;
    this.#leader = leader;
    this.#members.add(leader);
  }

  async begin(): Promise<void> {
    const { records, call, limits } = this.#options;
    try {
      this.#onBeginning(await records.begin(call, limits));
    } catch (error) {
      this.#tell({ kind: 'error', error: GatewayError.from(error) });
      this.#options.onOver();
    }
  }

  /** One more request with the same key. */
  join(member: KeyedMember): void {
    if (this.#isOther(member.digest)) member.reply.settle(refused(otherArguments()));
    else if (this.#answer === undefined) this.#members.add(member);
    else this.#tellOne(member, this.#answer);
  }

  /** A request does not want its answer any more. */
  leave(member: KeyedMember, reason: string | undefined): void {
    if (!this.#members.delete(member)) return;
    if (this.#leader === member) this.#dropLeader();
    // guard: keys/goes-on
    if (this.#members.size > 0 || isClientGone(reason)) return;
    if (this.#running !== undefined) this.#giveUp(this.#running, reason);
  }

  notification(notification: RpcNotification): boolean {
    return this.#leader?.reply.notification(notification) ?? true;
  }

  onDrain(listener: () => void): void {
    if (this.#leader === undefined) return listener();
    this.#onDrained = listener;
    this.#leader.reply.onDrain(() => this.#drained());
  }

  serverRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    if (this.#leader === undefined)
      answer(new GatewayError('OMNI_CANCELLED', 'The client of this request is gone'));
    else this.#leader.reply.serverRequest(upstream, message, answer, signal);
  }

  settle(outcome: Outcome): void {
    const { isSafe, context, tellFailure, records, call } = this.#options;
    if (this.#answer !== undefined || this.#running === undefined) return; // given up while it began
    if (outcome.kind === 'message') {
      this.#tell(outcome);
      return this.#keep(outcome);
    }
    const failure = outcome.kind === 'error' ? outcome : strange(outcome);
    const mayRun = mayHaveRun(failure, context.wasSent === true);
    const isOver = !isSafe && /* guard: keys/not-run */ mayRun;
    const told = isOver ? tellFailure(failure) : failure;
    this.#tell(told);
    if (isOver) this.#keep(told);
    else this.#after(records.forget(call.id));
  }

  #onBeginning(beginning: CallBeginning): void {
    switch (beginning.kind) {
      case 'begun':
        // guard: keys/nobody-waits
        if (this.#members.size === 0) return void this.#withdraw();
        return this.#run();
      case 'known':
        this.#tell(this.#known(beginning));
        return this.#options.onOver();
      case 'full':
        this.#tell(refused(this.#full(beginning.until)));
        return this.#options.onOver();
    }
  }

  #run(): void {
    this.#running = NOTHING_RUNS;
    const running = this.#options.run(this);
    // It may have been given up while it began.
    if (this.#running === undefined) running.cancel();
    else this.#running = running;
  }

  /** It was not made. Whoever has come with the same key by then has it made. */
  async #withdraw(): Promise<void> {
    const { records, call, onOver } = this.#options;
    // If it cannot be forgotten, it is unknown.
    await records.forget(call.id).catch(() => {});
    // guard: keys/came-meanwhile
    if (this.#members.size > 0) return await this.begin();
    onOver();
  }

  #known({ digest, operation, end }: Extract<CallBeginning, { kind: 'known' }>): Answer {
    if (this.#isOther(digest)) return refused(otherArguments());
    const answer = end === null ? undefined : answerOf(end, this.#leader?.requestId ?? 'null');
    if (answer !== undefined) return answer;
    this.#options.onLost(operation);
    return refused(unknownOutcome(operation, undefined));
  }

  #isOther(digest: string): boolean {
    return /* guard: keys/arguments */ digest !== this.#options.call.digest;
  }

  #full(until: number): GatewayError {
    const { limits, call } = this.#options;
    return new GatewayError(
      'OMNI_OVERLOADED',
      `You have as many calls with idempotency keys as are kept (storage.maxCalls is ${limits.maxCalls}, storage.maxCallBytes ${limits.maxBytes})`,
      { retryAfterS: Math.max(1, Math.ceil((until - call.begunAt) / 1_000)) },
    );
  }

  #giveUp(running: RunningCall, reason: string | undefined): void {
    const { context, call, isSafe } = this.#options;
    running.cancel(reason);
    this.#running = undefined;
    const mustKeep = !isSafe && /* guard: keys/cancelled */ context.wasSent === true;
    if (!mustKeep) return void this.#withdraw();
    const cancelled =
      reason === OMNI_STOPPED
        ? new GatewayError('OMNI_SHUTTING_DOWN', OMNI_STOPPED)
        : new GatewayError('OMNI_CANCELLED', 'Who made the call has cancelled it');
    this.#answer = refused(unknownOutcome(call.operation, cancelled));
    this.#keep(this.#answer);
  }

  #tell(answer: Answer): void {
    this.#answer = answer;
    const members = [...this.#members];
    this.#members.clear();
    for (const member of members) this.#tellOne(member, answer);
  }

  /** The answer has the id of the request that the call was made for. */
  #tellOne(member: KeyedMember, answer: Answer): void {
    if (answer.kind === 'error') return member.reply.settle(answer);
    if (member === this.#leader) return member.reply.settle(copyOf(answer));
    member.reply.settle(answerOf(keptOutcome(answer), member.requestId) ?? answer);
  }

  #keep(answer: Answer): void {
    this.#after(this.#stored(answer));
  }

  async #stored(answer: Answer): Promise<void> {
    const { records, call, limits } = this.#options;
    if (await records.end(call.id, keptOutcome(answer), limits)) return;
    const { operation } = call;
    const error = new GatewayError(
      'OMNI_OUTCOME_UNKNOWN',
      'The call was answered, and there was no room to keep its answer (storage.maxCallBytes)',
      { data: { operation } },
    );
    await records.end(call.id, keptOutcome(refused(error)), limits);
  }

  /** Whoever comes until then gets the answer from here. */
  #after(stored: Promise<unknown>): void {
    const { onOver } = this.#options;
    // What cannot be stored is unknown from then on.
    stored.then(onOver, onOver);
  }

  #dropLeader(): void {
    this.#leader = undefined;
    this.#drained();
  }

  #drained(): void {
    const drained = this.#onDrained;
    this.#onDrained = undefined;
    drained?.();
  }
}

/** Whoever writes bytes may give their memory back, and these are kept. */
function copyOf(answer: Extract<Answer, { kind: 'message' }>): Answer {
  const { payload } = answer;
  return typeof payload === 'string'
    ? answer
    : { ...answer, payload: /* guard: keys/own-bytes */ payload.slice() };
}

function refused(error: GatewayError): FailedOutcome {
  return { kind: 'error', error, phase: 'not-sent' };
}

/** Nothing else ends calls whose answers are wanted whole. */
function strange({ kind }: Outcome): FailedOutcome {
  const error = new GatewayError('OMNI_INTERNAL', `A call with a key has ended as "${kind}"`);
  return { kind: 'error', error, phase: 'sent' };
}

function otherArguments(): GatewayError {
  return new GatewayError(
    'OMNI_IDEMPOTENCY_KEY_REUSED',
    'This idempotency key was used for a call with other arguments',
  );
}
