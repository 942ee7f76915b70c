import {
  applyEdits,
  memberOf,
  parseMessage,
  requestText,
  type RpcMessage,
  setMembers,
  stringMember,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import {
  type CallContext,
  type DispatchRequest,
  NOTHING_RUNS,
  type Outcome,
  type ReplySink,
  type RunningCall,
} from '@omni/model';
import { GatewayError, type KeptCallLimits, type Millis } from '@omni/ports';
import type { CallRecords } from '../outcome/keyed-run.ts';
import {
  createdTask,
  errorJson,
  keptEnd,
  shownTask,
  type TaskEnd,
  type TaskFacts,
  type TaskState,
} from './task-text.ts';

export interface OwnTaskOptions {
  readonly facts: TaskFacts;
  /** Under which it is kept. */
  readonly row: string;
  readonly operation: string;
  readonly records: CallRecords;
  readonly limits: KeptCallLimits;
  /** The call. */
  readonly message: RpcMessage;
  readonly now: () => Millis;
  /** Nothing of it runs any more. */
  readonly onEnded: () => void;
  /** Its end is stored, or never will be. */
  readonly onStored: () => void;
}

/** A call whose client has got a task in place of the answer, until its end is stored. */
export class OwnTask {
  readonly #options: OwnTaskOptions;
  #running: RunningCall = NOTHING_RUNS;
  #state: TaskState;

  constructor(options: OwnTaskOptions) {
    this.#options = options;
    this.#state = { status: 'working', at: options.facts.begunAt };
  }

  /** Of the call: a result as JSON. */
  get created(): string {
    return createdTask(this.#options.facts);
  }

  /** Of `tasks/get`: a result as JSON. */
  get shown(): string {
    return shownTask(this.#options.facts, this.#state);
  }

  runs(running: RunningCall): void {
    this.#running = running;
  }

  /** Nobody was told of it: its call goes on as one. */
  abandon(): void {
    const { records, row, onEnded, onStored } = this.#options;
    onEnded();
    records.forget(row).then(onStored, onStored);
  }

  cancel(): void {
    if (!this.#isOpen) return;
    const running = this.#running;
    this.#end({ status: 'cancelled', at: this.#options.now() });
    running.cancel('its client has cancelled the task');
  }

  /** The call has ended, or asks its client for something. @param context - Of the round. */
  settle(outcome: Outcome, context: CallContext): void {
    if (this.#state.status !== 'working') return;
    const state = stateAfter(outcome, context, this.#options.now());
    if (state.status === 'input_required') this.#state = state;
    else this.#end(state);
  }

  /** The client answers what it was asked for, with a `tasks/update`; the next round begins. */
  update(context: CallContext, dispatch: DispatchRequest): void {
    const asking = this.#state;
    if (asking.status !== 'input_required') return;
    const message = this.#nextRound(context.message, asking.state);
    if (message === undefined) return;
    this.#state = { status: 'working', at: this.#options.now() };
    const round: CallContext = { message, client: context.client, paramHeaders: undefined };
    const running = dispatch(round, new RoundReply(this, round));
    if (this.#isOpen) this.#running = running;
    else running.cancel();
  }

  get #isOpen(): boolean {
    return this.#state.status === 'working' || this.#state.status === 'input_required';
  }

  /** @returns `undefined` where the client answers nothing. */
  #nextRound(update: RpcMessage, state: string): RpcMessage | undefined {
    const { message } = this.#options;
    const answers = memberOf(update.params, 'inputResponses');
    if (answers === undefined || message.params === undefined) return undefined;
    const { start, end } = message.params;
    const edits = setMembers(message.params, [
      ['inputResponses', update.text.slice(answers.start, answers.end)],
      ['requestState', state],
    ]);
    const params = applyEdits(message.text, edits, start, end);
    const parsed = parseMessage(requestText(update.id, message.method, params), TRUSTED_LIMITS);
    return parsed.kind === 'request' ? parsed : undefined;
  }

  #end(end: TaskEnd): void {
    this.#state = end;
    this.#running = NOTHING_RUNS;
    const { onEnded, onStored } = this.#options;
    onEnded();
    // What cannot be stored is lost from then on.
    this.#stored(end).then(onStored, onStored);
  }

  async #stored(end: TaskEnd): Promise<void> {
    const { records, row, limits, operation } = this.#options;
    if (await records.end(row, keptEnd(end), limits)) return;
    const error = new GatewayError(
      'OMNI_OUTCOME_UNKNOWN',
      'The call was answered, and there was no room to keep its answer (storage.maxCallBytes)',
      { data: { operation } },
    );
    await records.end(row, keptEnd({ status: 'failed', at: end.at, error: errorJson(error) }), limits);
  }
}

/** Where a further round of a call ends. */
class RoundReply implements ReplySink {
  readonly #task: OwnTask;
  readonly #context: CallContext;

  constructor(task: OwnTask, context: CallContext) {
    this.#task = task;
    this.#context = context;
  }

  notification(): boolean {
    return true;
  }

  onDrain(listener: () => void): void {
    listener();
  }

  serverRequest(...[, , answer]: Parameters<ReplySink['serverRequest']>): void {
    answer(new GatewayError('OMNI_CANCELLED', 'The call has become a task'));
  }

  settle(outcome: Outcome): void {
    this.#task.settle(outcome, this.#context);
  }
}

function stateAfter(
  outcome: Outcome,
  context: CallContext,
  at: Millis,
): TaskEnd | (TaskState & { status: 'input_required' }) {
  switch (outcome.kind) {
    case 'message':
      return stateOfAnswer(outcome.payload, at);
    case 'error': {
      const { error } = context.tellFailure?.(outcome) ?? outcome;
      return failed(error, at);
    }
    case 'refused':
      return failed(outcome.error, at);
    case 'streamed':
    case 'cancelled':
      return failed(new GatewayError('OMNI_INTERNAL', `A task has ended as "${outcome.kind}"`), at);
  }
}

function stateOfAnswer(
  payload: string | Uint8Array,
  at: Millis,
): TaskEnd | (TaskState & { status: 'input_required' }) {
  const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
  const message = parseMessage(text, TRUSTED_LIMITS);
  if (message.kind !== 'response')
    return failed(new GatewayError('OMNI_INTERNAL', 'The answer of a task cannot be read'), at);
  const { result, error } = message;
  if (error !== undefined) return { status: 'failed', at, error: text.slice(error.start, error.end) };
  const object = result?.object;
  if (stringMember(text, object, 'resultType') === 'input_required') {
    const requests = memberOf(object, 'inputRequests');
    const state = memberOf(object, 'requestState');
    return {
      status: 'input_required',
      at,
      requests: requests === undefined ? '{}' : text.slice(requests.start, requests.end),
      state: state === undefined ? '""' : text.slice(state.start, state.end),
    };
  }
  return {
    status: 'completed',
    at,
    result: result === undefined ? '{}' : text.slice(result.start, result.end),
  };
}

function failed(error: GatewayError, at: Millis): TaskEnd {
  return { status: 'failed', at, error: errorJson(error) };
}
