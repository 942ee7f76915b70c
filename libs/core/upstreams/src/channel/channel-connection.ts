import {
  memberOf,
  notificationText,
  parseMessage,
  requestText,
  type RpcMessage,
  stringMember,
} from '@omni/jsonrpc';
import {
  BATCH_VERSION,
  type CallHandler,
  type CallPhase,
  refusedCall,
  type RunningCall,
  type UpstreamCall,
} from '@omni/model';
import {
  type CredentialValues,
  DEFAULT_ROUTING,
  type Era,
  type FramingError,
  GatewayError,
  type HeaderList,
  newReportId,
} from '@omni/ports';
import { UnaddressedMessages } from '../connection/unaddressed-messages.ts';
import { CallTable } from '../connection/call-table.ts';
import { CallBatch } from './call-batch.ts';
import { ChannelCall, type CallOwner } from './channel-call.ts';
import type { HeadedChannel, HeadedListener } from './headed-channel.ts';
import {
  changedList,
  isAboutTask,
  ownId,
  ownIdAt,
  subscriptionIdOf,
} from '../connection/mcp-notification.ts';
import { spliceMessage } from '../connection/message-splice.ts';
import { legacyVersionOf } from '../connection/mcp-revision.ts';
import { noRoomError } from '../connection/no-room.ts';
import type { ConnectionCounters, ConnectionOptions, OpenConnection } from '../connection/open-connection.ts';
import { paramsWithOwnToken } from '../connection/own-token.ts';
import { stoppedError } from '../connection/stopped-error.ts';
import { safeExcerpt } from '../connection/safe-excerpt.ts';
import { ServerRequests } from '../connection/server-requests.ts';
import { StagedConnection } from '../connection/staged-connection.ts';
import { UPSTREAM_JSON_LIMITS } from '../connection/upstream-limits.ts';

export interface ChannelConnectionOptions extends ConnectionOptions {
  readonly era: Era;
  readonly handshake: RpcMessage;
  readonly channel: HeadedChannel;
  /** First id that the handshake has not used. */
  readonly firstId: number;
  readonly boundTo: CredentialValues | undefined;
}

/** Tasks on one connection whose progress is told. */
const MAX_TASKS = 100;
/** Where the id of an answer that is too complex to be read usually stands. */
const ID_FIRST = /^\{"jsonrpc":"2\.0","id":([0-9]{1,16}),/;
const ID_LAST = /,"id":([0-9]{1,16})\}$/;

/**
 * Many calls on one channel: a stdio child or a server in the same process.
 *
 * Calls get ids of their own which are never used again, so a late answer finds nobody.
 */
export class ChannelConnection extends StagedConnection implements OpenConnection, HeadedListener, CallOwner {
  readonly era: Era;
  readonly keepsClientId = false;
  readonly handshake: RpcMessage;
  readonly boundTo: CredentialValues | undefined;
  readonly counters: ConnectionCounters = {
    framingError: 0,
    strayAnswers: 0,
    droppedNotifications: 0,
    refusedRequests: 0,
  };
  readonly #options: ChannelConnectionOptions;
  readonly #channel: HeadedChannel;
  readonly #pending: CallTable<ChannelCall>;
  readonly #serverRequests: ServerRequests;
  readonly #unaddressed: UnaddressedMessages;
  /** Absent where the server takes no batches; on HTTP+SSE each request is posted, and refused, by itself. */
  readonly #batch: CallBatch | undefined;
  /** Calls that have become tasks, the latest ones. */
  readonly #tasks = new Map<number, ChannelCall>();
  #onTaskNotice: ((notification: RpcMessage) => void) | undefined;
  /** Why nothing can be sent any more. */
  #ended: GatewayError | undefined;
  #isSending = false;
  /** What a channel has told while something was sent by it, and what has come behind that. */
  #early: (() => void)[] | undefined;

  constructor(options: ChannelConnectionOptions) {
    super(options, options.era);
    this.#options = options;
    this.era = options.era;
    this.handshake = options.handshake;
    this.boundTo = options.boundTo;
    this.#channel = options.channel;
    this.#pending = new CallTable(options.firstId);
    this.#unaddressed = new UnaddressedMessages(options.context.clock);
    const takesBatches =
      options.spec.transport.kind !== 'sse' &&
      /* guard: batch/negotiated */ legacyVersionOf(options.handshake) === BATCH_VERSION;
    this.#batch = takesBatches
      ? new CallBatch({
          clock: options.context.clock,
          send: (text, calls) => this.#writeBatch(text, calls),
        })
      : undefined;
    this.#serverRequests = new ServerRequests({
      answer: (text) => void this.#channel.send(text),
      reply: (text) => void this.#channel.send(text),
      maxOpen: options.context.limits.maxServerRequests,
      roots: options.spec.roots,
    });
  }

  protected override get running(): number {
    return this.#pending.size;
  }

  get isHeldUp(): boolean {
    return this.#serverRequests.size > 0;
  }

  protected override sendRaw(call: UpstreamCall, listener: CallHandler): RunningCall {
    if (this.#ended !== undefined) return refusedCall(listener, this.#ended);
    const { context, spec } = this.#options;
    const id = /* guard: process/own-answers */ this.#pending.nextId();
    const text = requestText(/* guard: link/own-ids */ String(id), call.method, paramsWithOwnToken(call, id));
    const { batch } = spec.routing ?? DEFAULT_ROUTING;
    const isBatched =
      batch.maxCalls > 1 &&
      /* guard: batch/own */ call.isInternal !== true &&
      this.#batch?.fits(text) === true;
    if (!isBatched) this.#batch?.flush();
    const state = isBatched ? undefined : this.#write(text, call.forwardedHeaders);
    // guard: link/backlog
    if (state === 'full') return refusedCall(listener, this.#backlogFull());
    const phase = state === 'taken' ? 'sent' : 'not-sent';
    const running = new ChannelCall({ connection: this, id, call, listener, spec, phase });
    this.#pending.add(running);
    running.start(context.deadlines);
    if (isBatched) this.#batch?.add(running, text, batch);
    return running;
  }

  notify(method: string, params: string): void {
    if (this.#ended !== undefined) return;
    this.#batch?.flush();
    this.#channel.send(notificationText(method, params));
  }

  hearTasks(listener: (notification: RpcMessage) => void): void {
    this.#onTaskNotice = listener;
  }

  /** What it is made of is one stream, which it is bound to. */
  renewStreams(): void {}

  async close(reason = stoppedError(this.upstream)): Promise<void> {
    this.#end(reason);
    try {
      await this.#channel.close();
    } catch (error) {
      this.#options.context.logger.warn(
        { upstream: this.upstream, err: error },
        'a connection could not be closed',
      );
    }
  }

  abandon(call: ChannelCall, reason: string | undefined): void {
    // guard: link/cancelled-answer
    this.#pending.delete(call.id);
    // guard: batch/cancelled
    if (this.#batch?.remove(call) === true) return;
    // guard: link/unaddressed-cancelled
    this.#unaddressed.onEnd(call);
    this.#serverRequests.endOf(call);
    const why = reason === undefined ? '' : `,"reason":${JSON.stringify(reason)}`;
    this.notify('notifications/cancelled', `{"requestId":${call.id}${why}}`);
  }

  onMessage(text: string): void {
    // guard: link/answered-at-once
    if (this.#isSending || this.#early !== undefined) this.#tellLater(() => this.#read(text));
    else this.#read(text);
  }

  onFramingError(problem: FramingError): void {
    if (this.#isSending || this.#early !== undefined) this.#tellLater(() => this.#skip(problem));
    else this.#skip(problem);
  }

  onRefused(id: string, error: GatewayError): void {
    const call = this.#callOf(ownId(id));
    if (call !== undefined) this.#fail(call, error, 'head-received');
  }

  onClose(reason: GatewayError | undefined): void {
    if (this.#isSending || this.#early !== undefined) this.#tellLater(() => this.#leave(reason));
    else this.#leave(reason);
  }

  /** @returns `gone`: the other side has ended. How is told in a moment, and is what a call fails with. */
  #write(text: string, headers: HeaderList | undefined): 'taken' | 'full' | 'gone' {
    const wasSending = this.#isSending;
    this.#isSending = true;
    const isTaken = this.#channel.send(text, headers);
    this.#isSending = wasSending;
    if (isTaken) return 'taken';
    return this.#channel.isOpen === false ? 'gone' : 'full';
  }

  #backlogFull(): GatewayError {
    const message = `"${this.upstream}" does not read what it is sent: its backlog is full`;
    return new GatewayError('OMNI_OVERLOADED', message);
  }

  #writeBatch(text: string, calls: readonly ChannelCall[]): void {
    const state = this.#write(text, undefined);
    if (state === 'taken') for (const call of calls) call.sent();
    // None of them is told before it was handed out.
    else if (state === 'full')
      this.#tellLater(() => {
        for (const call of calls) this.#fail(call, this.#backlogFull(), 'not-sent');
      });
  }

  /** A channel in the same process may tell the end of a call before the call is known here. */
  #tellLater(event: () => void): void {
    if (this.#early === undefined) {
      this.#early = [];
      queueMicrotask(() => this.#tellEarly());
    }
    this.#early.push(event);
  }

  #tellEarly(): void {
    try {
      // More may come while these are told, and is told behind them.
      for (const event of this.#early ?? []) event();
    } finally {
      this.#early = undefined;
    }
  }

  #read(text: string): void {
    if (this.#ended !== undefined) return;
    this.heard();
    const message = parseMessage(text, UPSTREAM_JSON_LIMITS);
    switch (message.kind) {
      case 'response':
        return this.#onResponse(message);
      case 'notification':
        return this.#onNotification(message);
      case 'request':
        return this.#onRequest(message);
      case 'batch':
        // Revision 2025-03-26 allows them; what stands in one is read like a line.
        if (this.era === 'legacy' && !message.items.some((item) => item.startsWith('[')))
          return message.items.forEach((item) => this.#read(item));
        return this.#onUnreadable(text);
      case 'rejected':
        return this.#onRejected(text, message.id, message.error);
    }
  }

  #skip(problem: FramingError): void {
    this.counters.framingError++;
    if (problem.kind === 'not-utf8') return;
    // Whose answer it was cannot be told, and waiting for it would be in vain.
    const error =
      problem.kind === 'no-room'
        ? noRoomError(this.upstream)
        : new GatewayError(
            'OMNI_UPSTREAM_TOO_LARGE',
            `"${this.upstream}" sent a message of more than ${problem.limitBytes} bytes; it may have been the answer`,
          );
    // guard: link/too-long
    for (const call of this.#pending.calls()) if (!call.isListen) this.#fail(call, error);
  }

  #leave(reason: GatewayError | undefined): void {
    if (this.#ended !== undefined) return;
    const error =
      reason ?? new GatewayError('OMNI_UPSTREAM_EXITED', `"${this.upstream}" closed its connection`);
    this.#end(error);
    this.#options.events.onClosed(this, error);
  }

  #end(error: GatewayError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#batch?.clear();
    this.#serverRequests.clear();
    const calls = this.#pending.calls();
    this.#pending.clear();
    for (const call of calls) call.fail(error);
  }

  #fail(call: ChannelCall, error: GatewayError, phase?: CallPhase): void {
    if (!this.#pending.delete(call.id)) return;
    this.#unaddressed.onEnd(call);
    this.#serverRequests.endOf(call);
    call.fail(error, phase);
  }

  #onResponse(message: RpcMessage): void {
    const id = ownId(message.id);
    // guard: advisory/CVE-2026-25536, advisory/CVE-2026-111770
    const call = id === undefined ? undefined : this.#pending.get(id);
    if (call === undefined) {
      this.counters.strayAnswers++;
      return;
    }
    this.#pending.delete(call.id);
    this.#unaddressed.onEnd(call, this.heardAtMs);
    this.#serverRequests.endOf(call);
    if (this.era === 'legacy' && memberOf(message.result?.object, 'task') !== undefined) this.#keepTask(call);
    call.answer(message);
  }

  /**
   * The progress token of a task is valid as long as the task, which outlives its call (MCP 2025-11-25,
   * basic/utilities/tasks).
   */
  #keepTask(call: ChannelCall): void {
    this.#tasks.set(call.id, call);
    const [oldest] = this.#tasks.keys();
    if (this.#tasks.size > MAX_TASKS && oldest !== undefined) this.#tasks.delete(oldest);
  }

  #onRejected(text: string, rawId: string, error: GatewayError): void {
    let id = ownId(rawId);
    if (id === undefined && error.code === 'OMNI_MESSAGE_TOO_COMPLEX')
      id = ownId(ID_FIRST.exec(text)?.[1] ?? ID_LAST.exec(text.slice(-40))?.[1] ?? '');
    const call = id === undefined ? undefined : this.#pending.get(id);
    if (call === undefined) return this.#onUnreadable(text);
    this.counters.framingError++;
    this.#fail(
      call,
      new GatewayError(
        'OMNI_UPSTREAM_PROTOCOL',
        `"${this.upstream}" sent an answer that is not valid: ${error.message}`,
        { cause: error },
      ),
      'head-received',
    );
  }

  #onUnreadable(text: string): void {
    // guard: link/framingError-flood
    if (this.counters.framingError++ > 0) return;
    const { credentials, context, onReport } = this.#options;
    const id = newReportId(context.random);
    onReport({
      id,
      at: context.clock.now(),
      what: 'wrote something that is not MCP to its output',
      lines: [safeExcerpt(text, credentials.secretValues)],
    });
    context.logger.warn(
      { upstream: this.upstream, report: id },
      'The server writes something that is not MCP to its output; it is ignored. The owner of Omni finds the beginning as this report',
    );
  }

  #onNotification(message: RpcMessage): void {
    switch (message.method) {
      case 'notifications/progress':
        return this.#onProgress(message);
      case 'notifications/cancelled':
        return this.#onCancelled(message);
    }
    const subscription = this.era === 'modern' ? subscriptionIdOf(message) : undefined;
    if (subscription !== undefined) {
      const call = this.#callOf(ownIdAt(message, subscription));
      if (call?.isListen !== true) this.counters.droppedNotifications++;
      else this.#tell(call, spliceMessage(message, subscription, call.clientId));
      return;
    }
    const kind = changedList(message.method);
    if (kind !== undefined) return this.#options.events.onListsChanged(this, kind);
    if (message.method === 'notifications/resources/updated') {
      const uri = stringMember(message.text, message.params, 'uri');
      if (uri !== undefined && this.#options.events.onResourceUpdated(this, uri, message)) return;
      if (this.binding !== undefined) return this.binding.onNotification(this.upstream, message);
      this.counters.droppedNotifications++;
      return;
    }
    // A task outlives the call that has started it, so that the call that runs says nothing about whose it
    // is.
    if (this.isShared && isAboutTask(message.method)) {
      if (this.#onTaskNotice === undefined) this.counters.droppedNotifications++;
      else this.#onTaskNotice(message);
      return;
    }
    const only = this.#onlyRunning();
    if (only !== undefined) this.#tell(only, message);
    else if (this.binding !== undefined) this.binding.onNotification(this.upstream, message);
    else this.counters.droppedNotifications++;
  }

  #onProgress(message: RpcMessage): void {
    const token = memberOf(message.params, 'progressToken');
    const id = ownIdAt(message, token);
    const call = this.#callOf(id) ?? (id === undefined ? undefined : this.#tasks.get(id));
    const clientToken = call?.clientToken;
    if (call === undefined || token === undefined || clientToken === undefined) {
      this.counters.droppedNotifications++;
      return;
    }
    this.#tell(call, spliceMessage(message, token, clientToken));
  }

  #onCancelled(message: RpcMessage): void {
    const requestId = memberOf(message.params, 'requestId');
    if (requestId === undefined) return;
    if (this.era === 'legacy')
      return this.#serverRequests.withdraw(
        message.text.slice(requestId.start, requestId.end),
        stringMember(message.text, message.params, 'reason'),
      );
    // In the modern era it ends a subscription.
    const call = this.#callOf(ownIdAt(message, requestId));
    if (call !== undefined)
      this.#fail(
        call,
        new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `"${this.upstream}" ended ${call.method}`),
      );
  }

  #onRequest(message: RpcMessage): void {
    // guard: link/modern-requests
    if (this.era === 'modern') {
      this.counters.refusedRequests++;
      this.#serverRequests.refuse(
        message.id,
        new GatewayError('OMNI_METHOD_UNKNOWN', 'Servers send no requests in revision 2026-07-28'),
      );
      return;
    }
    if (this.#serverRequests.answerOwn(message)) return;
    const only = this.#onlyRunning();
    const { binding } = this;
    let isPut = false;
    if (only !== undefined)
      isPut = this.#serverRequests.put(message, only, (answer, signal) => only.ask(message, answer, signal));
    else if (binding !== undefined)
      isPut = this.#serverRequests.put(message, undefined, (answer, signal) =>
        binding.onServerRequest(this.upstream, message, answer, signal),
      );
    else
      this.#serverRequests.refuse(
        message.id,
        new GatewayError(
          'OMNI_METHOD_UNKNOWN',
          `"${safeExcerpt(message.method, [])}" is not available on a shared connection`,
        ),
      );
    if (!isPut) this.counters.refusedRequests++;
  }

  #tell(call: ChannelCall, message: RpcMessage): void {
    if (!call.notify(message)) this.counters.droppedNotifications++;
  }

  #callOf(id: number | undefined): ChannelCall | undefined {
    return id === undefined ? undefined : this.#pending.get(id);
  }

  /** The call that something without an address must belong to. */
  #onlyRunning(): ChannelCall | undefined {
    // An internal call has no client to ask; the client that the connection is bound to can be asked.
    const isCandidate = ({ isListen, callerKey }: ChannelCall): boolean =>
      /* guard: link/listen-not-running */ !isListen &&
      (callerKey !== undefined || this.binding === undefined);
    return this.#unaddressed.addresseeAmong(this.#pending.calls().filter(isCandidate));
  }
}
