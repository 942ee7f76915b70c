import { memberOf, parseMessage, rawOf, type RpcMessage, TRUSTED_LIMITS, withId } from '@omni/jsonrpc';
import type {
  AnswerServerRequest,
  Outcome,
  ReplySink,
  RpcNotification,
  RunningCall,
  RunRequest,
} from '@omni/model';
import type { Payload } from '@omni/ports';

/** One request that waits for the answer of the run. */
class Member implements RunningCall {
  readonly id: string;
  readonly reply: ReplySink;
  readonly #run: SharedRun;
  readonly #alone: RunRequest;
  /** Its own run, once it is not one of the others any more. */
  #running: RunningCall | undefined;

  constructor(run: SharedRun, { id, reply, next }: MemberOptions) {
    this.id = id;
    this.reply = reply;
    this.#run = run;
    this.#alone = next;
  }

  runAlone(): void {
    this.#running = this.#alone(this.reply);
  }

  cancel(reason?: string): void {
    if (this.#running === undefined) this.#run.leave(this, reason);
    else this.#running.cancel(reason);
  }
}

export interface MemberOptions {
  /** Of its request, as JSON. */
  readonly id: string;
  readonly reply: ReplySink;
  /** Runs the request by itself. */
  readonly next: RunRequest;
}

/**
 * One run for several requests that are the same but for their ids. It lasts for as long as one of them
 * waits, and has no chunks: each gets a copy of the whole answer.
 */
export class SharedRun implements ReplySink {
  readonly #members = new Set<Member>();
  readonly #onClosed: () => void;
  #running: RunningCall | undefined;
  #runId = '';
  #isOver = false;
  /** What waits for a slow reader. */
  #drain: { readonly of: Member; readonly listener: () => void } | undefined;

  /** @param onClosed - Told when nobody may join any more: possibly twice. */
  constructor(onClosed: () => void) {
    this.#onClosed = onClosed;
  }

  /** Those that wait. */
  get size(): number {
    return this.#members.size;
  }

  /** Runs the request of the first of them. */
  begin(first: MemberOptions): RunningCall {
    this.#runId = first.id;
    const member = this.join(first);
    const running = first.next(this);
    if (!this.#isOver) this.#running = running;
    return member;
  }

  join(options: MemberOptions): RunningCall {
    const member = new Member(this, options);
    this.#members.add(member);
    return member;
  }

  leave(member: Member, reason: string | undefined): void {
    if (!this.#members.delete(member) || this.#isOver) return;
    // guard: coalesce/spares-followers
    if (this.#members.size === 0) {
      this.#close();
      this.#running?.cancel(reason);
      return;
    }
    if (this.#drain?.of !== member) return;
    const { listener } = this.#drain;
    this.#drain = undefined;
    listener();
  }

  /** Told to the first that still waits: all of them are of one client. */
  notification(notification: RpcNotification): boolean {
    return this.#first()?.reply.notification(notification) ?? true;
  }

  onDrain(listener: () => void): void {
    const of = this.#first();
    if (of === undefined) return listener();
    this.#drain = { of, listener };
    of.reply.onDrain(() => {
      if (this.#drain?.listener !== listener) return;
      this.#drain = undefined;
      listener();
    });
  }

  /** What the client is asked belongs to one request: it keeps the run, and the others run by themselves. */
  serverRequest(
    upstream: string,
    message: RpcMessage,
    answer: AnswerServerRequest,
    signal?: AbortSignal,
  ): void {
    const asked = this.#first();
    this.#onClosed();
    // guard: coalesce/asked-alone
    this.#dismiss([...this.#members].slice(1));
    asked?.reply.serverRequest(upstream, message, answer, signal);
  }

  settle(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#close();
    const members = [...this.#members];
    this.#members.clear();
    if (outcome.kind !== 'message') return members.forEach(({ reply }) => reply.settle(outcome));
    // The id in it is that of the request that was run.
    const own = members.find(({ id }) => id === this.#runId);
    // Whoever gets the bytes may give them away: they are read before.
    const message = members.length === 1 && own !== undefined ? undefined : sharableMessage(outcome.payload);
    own?.reply.settle(outcome);
    for (const member of members) {
      if (member === own) continue;
      if (message === undefined) member.runAlone();
      else
        member.reply.settle({
          ...outcome,
          payload: /* guard: coalesce/own-answers */ withId(message, member.id),
        });
    }
  }

  #first(): Member | undefined {
    const [first] = this.#members;
    return first;
  }

  #dismiss(members: readonly Member[]): void {
    for (const member of members) this.#members.delete(member);
    for (const member of members) member.runAlone();
  }

  #close(): void {
    this.#isOver = true;
    this.#onClosed();
  }
}

/**
 * The message that may be copied; `undefined` where it asks its client for something, or names a task: both
 * are one request's alone.
 */
function sharableMessage(payload: Payload): RpcMessage | undefined {
  const text = typeof payload === 'string' ? payload : new TextDecoder().decode(payload);
  const message = parseMessage(text, TRUSTED_LIMITS);
  if (message.kind !== 'response') return undefined;
  const result = message.result?.object;
  const type = memberOf(result, 'resultType');
  const isComplete = type === undefined || rawOf(message, type) === '"complete"';
  // guard: coalesce/own-state
  if (!isComplete || memberOf(result, 'task') !== undefined) return undefined;
  return message;
}
