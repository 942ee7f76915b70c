import { parseMessage, resultText, type RpcMessage, TRUSTED_LIMITS } from '@omni/jsonrpc';
import {
  canAnswer,
  type AnswerServerRequest,
  type CallContext,
  type CallHandler,
  type RunningCall,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamConnection,
  type CallPhase,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import { isAboutCall } from '../call/call-notification.ts';
import { isMultiRound } from '../call/multi-round.ts';
import type { ConnectionLogLevels } from '../log-levels/connection-log-levels.ts';
import { logLevelOf } from '../log-levels/log-levels.ts';
import { unreadAnswer } from './era-codec.ts';
import { crossesEras } from './era-notification.ts';
import { isServerRequest, type ServerRequest } from './input-required.ts';
import { readInputResponses, serverRequestOf } from './input-responses.ts';
import type { Parked, ParkedCalls, Ticket } from './parked-calls.ts';

/** Notifications that are kept for a client that is away, and the characters that they may have together. */
const MAX_HELD = 100;
const MAX_HELD_CHARS = 1_000_000;

/** How the server ended the call. */
export type CallEnd =
  | { readonly kind: 'answer'; readonly message: RpcMessage }
  | { readonly kind: 'failure'; readonly error: GatewayError; readonly phase: CallPhase };

/** The request of the client that waits for the call, one of those that make it up. */
export interface WaitingRequest {
  readonly context: CallContext;
  onNotification(message: RpcMessage): boolean;
  onDrain(listener: () => void): void;
  /** Ends the request, not the call: the client is to be asked. `state` leads back here. */
  onAsked(serverRequests: ReadonlyMap<string, ServerRequest>, state: string): void;
  onEnd(end: CallEnd): void;
}

/** What the server asks and nobody has answered yet. */
interface OpenServerRequest {
  readonly serverRequest: ServerRequest;
  readonly answer: AnswerServerRequest;
}

/**
 * `asking`: the client is about to be told what the server wants to know. `parked`: it was told, and is away.
 */
type Phase =
  | { readonly kind: 'running'; readonly waiting: WaitingRequest }
  | { readonly kind: 'asking'; readonly waiting: WaitingRequest; readonly ticket: Ticket<ParkedCall> }
  | {
      readonly kind: 'parked';
      readonly ticket: Ticket<ParkedCall>;
      readonly held: RpcMessage[];
      heldChars: number;
      end: CallEnd | undefined;
    }
  | { readonly kind: 'over' };

export interface ParkedCallOptions {
  readonly connection: UpstreamConnection;
  /** The request that the call is made for. */
  readonly first: WaitingRequest;
  readonly parks: ParkedCalls<ParkedCall>;
  readonly levels: ConnectionLogLevels;
}

/**
 * A call to a legacy server that may outlive the request of the modern client that made it: when the server
 * asks something, the client is told what as the answer to its request, and the call waits for the request
 * that brings the answers.
 *
 * @see MCP 2026-07-28, "Multi-round-trip requests"; decision 0010.
 */
export class ParkedCall implements CallHandler, Parked {
  readonly connection: UpstreamConnection;
  /** Its progress token is the one that the server knows. */
  readonly firstRequest: RpcMessage;
  readonly #parks: ParkedCalls<ParkedCall>;
  readonly #levels: ConnectionLogLevels;
  readonly #serverRequests = new Map<string, OpenServerRequest>();
  #phase: Phase;
  #running: RunningCall | undefined;
  #asked = 0;

  constructor({ connection, first, parks, levels }: ParkedCallOptions) {
    this.connection = connection;
    this.firstRequest = first.context.message;
    this.#parks = parks;
    this.#levels = levels;
    this.#phase = { kind: 'running', waiting: first };
  }

  send(call: UpstreamCall): void {
    const level = logLevelOf(this.firstRequest);
    if (level === undefined) this.#send(call);
    else this.#levels.want(this.connection, this, level, () => this.#send(call));
  }

  /** The client is back. Its ticket is used up. */
  resume(waiting: WaitingRequest): void {
    const phase = this.#phase;
    if (phase.kind !== 'parked')
      return waiting.onEnd({
        kind: 'failure',
        error: new GatewayError('OMNI_STATE_INVALID', 'The call is over'),
        phase: 'head-received',
      });
    this.#phase = { kind: 'running', waiting };
    for (const notification of phase.held) waiting.onNotification(notification);
    if (phase.end !== undefined) return this.#finish(waiting, phase.end);
    this.#wantLevelOf(waiting);
    this.#takeAnswers(waiting);
  }

  /**
   * The request does not want its answer any more. One that was answered, or was not the one that waits, ends
   * nothing.
   */
  cancel(waiting: WaitingRequest, reason: string | undefined): void {
    const phase = this.#phase;
    if ((phase.kind === 'running' || phase.kind === 'asking') && phase.waiting === waiting)
      this.giveUp(reason);
  }

  onExpired(): void {
    this.giveUp('the client did not come back in time');
  }

  /** Nobody will come for the answer. */
  giveUp(reason: string | undefined): void {
    this.#end();
    this.#running?.cancel(reason);
  }

  onNotification(message: RpcMessage): boolean {
    const phase = this.#phase;
    if (
      phase.kind === 'over' ||
      /* guard: era/notifications-to-modern */ !crossesEras(message.method, 'legacy')
    )
      return true;
    if (phase.kind !== 'parked') return phase.waiting.onNotification(message);
    // What nobody will be shown takes no room.
    if (!isAboutCall(message, this.firstRequest)) return true;
    phase.heldChars += message.text.length;
    const isWithin =
      /* guard: parked/held */ phase.held.length < MAX_HELD &&
      /* guard: parked/held-chars */ phase.heldChars <= MAX_HELD_CHARS;
    if (isWithin && phase.ticket.held.hold(phase.heldChars)) phase.held.push(message);
    return true;
  }

  onDrain(listener: () => void): void {
    const phase = this.#phase;
    if (phase.kind === 'running' || phase.kind === 'asking') phase.waiting.onDrain(listener);
    else listener();
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    const serverRequest = serverRequestOf(message);
    const isPossible =
      /* guard: parked/shared */ this.connection.binding !== undefined &&
      isMultiRound(this.firstRequest.method) &&
      isServerRequest(serverRequest.method);
    if (!isPossible || this.#phase.kind === 'over') {
      return answer(
        new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request does not take such requests'),
      );
    }
    const key = `q${++this.#asked}`;
    this.#serverRequests.set(key, { serverRequest, answer });
    signal?.addEventListener('abort', () => this.#serverRequests.delete(key), { once: true });
    // Otherwise it goes along with others, or waits for the client to be back.
    if (this.#phase.kind === 'running') this.#ask(this.#phase.waiting);
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (answer.kind === 'message') this.#onEnd({ kind: 'answer', message: answer.message });
    else this.onFailure(unreadAnswer(), 'head-received');
  }

  onFailure(error: GatewayError, phase: CallPhase): void {
    this.#onEnd({ kind: 'failure', error, phase });
  }

  #send(call: UpstreamCall): void {
    if (this.#phase.kind !== 'over') this.#running = this.connection.send(call, this);
  }

  /** Each request of the client names its own level. */
  #wantLevelOf({ context }: WaitingRequest): void {
    const level = logLevelOf(context.message);
    if (level === undefined) this.#levels.drop(this.connection, this);
    else this.#levels.want(this.connection, this, level, () => {});
  }

  #onEnd(end: CallEnd): void {
    const phase = this.#phase;
    this.#serverRequests.clear();
    this.#levels.drop(this.connection, this);
    // guard: parked/one-end
    if (phase.kind === 'parked' && phase.end !== undefined) return;
    if (phase.kind === 'parked') phase.end = this.#kept(end, phase.ticket, phase.heldChars);
    else if (phase.kind !== 'over') this.#finish(phase.waiting, end);
  }

  /** What becomes of an end until the client is back. */
  #kept(end: CallEnd, { held }: Ticket<ParkedCall>, heldChars: number): CallEnd {
    if (
      end.kind === 'failure' ||
      /* guard: parked/bytes */ held.hold(Math.min(heldChars, MAX_HELD_CHARS) + end.message.text.length)
    )
      return end;
    const text = `"${this.connection.upstream}" has answered before its question was, and too much waits for clients to come back already`;
    const hint =
      'The server may have done what it was asked. Answer or cancel the questions of other calls first, or ask for less.';
    const error = new GatewayError('OMNI_MEMORY_FULL', text, { hint });
    return { kind: 'failure', error, phase: 'head-received' };
  }

  #takeAnswers(waiting: WaitingRequest): void {
    const responses = readInputResponses(waiting.context.message);
    for (const [key, { answer }] of [...this.#serverRequests]) {
      const json = responses.get(key);
      const message = json === undefined ? undefined : parseMessage(resultText('1', json), TRUSTED_LIMITS);
      if (message?.kind !== 'response') continue;
      this.#serverRequests.delete(key);
      answer(message);
    }
    // The server may have answered, or asked more, at once.
    if (this.#serverRequests.size > 0 && this.#phase.kind === 'running') this.#ask(waiting);
  }

  /** Finds the call a place, and gives the client what the server has asked until then. */
  #ask(waiting: WaitingRequest): void {
    const { context } = waiting;
    const ticket = this.#parks.enter(this, context.client.principal);
    if (ticket instanceof GatewayError) return this.#refuseServerRequests(ticket);
    this.#phase = { kind: 'asking', waiting, ticket };
    this.#parks.stateFor(context, this.connection.upstream, ticket).then(
      (state) => this.#park(waiting, ticket, state),
      (error: unknown) => this.#unpark(waiting, ticket, GatewayError.from(error)),
    );
  }

  #park(waiting: WaitingRequest, ticket: Ticket<ParkedCall>, state: string): void {
    // Meanwhile the call may have ended, or another round have begun.
    if (this.#phase.kind !== 'asking' || this.#phase.ticket !== ticket) return;
    const { capabilities } = waiting.context.client;
    for (const [key, { serverRequest, answer }] of [...this.#serverRequests]) {
      if (/* guard: parked/capability */ canAnswer(capabilities, serverRequest)) continue;
      this.#serverRequests.delete(key);
      answer(
        new GatewayError('OMNI_METHOD_UNKNOWN', 'The client has not declared that it answers such requests'),
      );
    }
    // What the server was told may have ended the call.
    if (this.#phase.ticket !== ticket) return;
    if (this.#serverRequests.size === 0) {
      this.#parks.leave(ticket);
      this.#phase = { kind: 'running', waiting };
      return;
    }
    this.#phase = { kind: 'parked', ticket, held: [], heldChars: 0, end: undefined };
    waiting.onAsked(
      new Map([...this.#serverRequests].map(([key, { serverRequest }]) => [key, serverRequest])),
      state,
    );
  }

  #unpark(waiting: WaitingRequest, ticket: Ticket<ParkedCall>, error: GatewayError): void {
    if (this.#phase.kind !== 'asking' || this.#phase.ticket !== ticket) return;
    this.#parks.leave(ticket);
    this.#phase = { kind: 'running', waiting };
    this.#refuseServerRequests(error);
  }

  #refuseServerRequests(error: GatewayError): void {
    const serverRequests = [...this.#serverRequests.values()];
    this.#serverRequests.clear();
    for (const { answer } of serverRequests) answer(error);
  }

  #finish(waiting: WaitingRequest, end: CallEnd): void {
    this.#end();
    waiting.onEnd(end);
  }

  #end(): void {
    if (this.#phase.kind === 'asking') this.#parks.leave(this.#phase.ticket);
    this.#phase = { kind: 'over' };
    this.#serverRequests.clear();
    this.#levels.drop(this.connection, this);
  }
}
