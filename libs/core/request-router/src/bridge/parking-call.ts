import {
  memberOf,
  metaOf,
  parseMessage,
  rawOf,
  resultText,
  type RpcMessage,
  stringMember,
} from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallHandler,
  type CallContext,
  canAnswer,
  type ReplySink,
  type RunningCall,
  type UpstreamAnswer,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { ElicitationLabels } from '../elicitation-labels.ts';
import { isAboutCall } from '../execution/call-notification.ts';
import type { ConnectionLogLevels } from '../execution/connection-log-levels.ts';
import { isSevereEnough, logLevelOf } from '../execution/log-levels.ts';
import { resourceLinksIn } from '../execution/resource-links.ts';
import {
  failedToolMembers,
  isNotHere,
  statusOfAnswer,
  toMissingUrlElicitation,
  toModernAnswer,
} from './bridge-answer.ts';
import { toLegacyParams } from './bridge-params.ts';
import { bridgedCall, plannedParams, type BridgeContext } from './bridged-call.ts';
import { crossesEras } from './era-notification.ts';
import { isMultiRound, isServerRequest, type ServerRequest } from './input-required.ts';
import {
  inputRequest,
  inputRequiredText,
  isDeclined,
  serverRequestOf,
  readInputResponses,
  requiredElicitations,
} from './input-responses.ts';
import type { Parked, ParkedCalls, Ticket } from './parked-calls.ts';

/** Notifications that are kept for a client that is away, and the characters that they may have together. */
const MAX_HELD = 100;
const MAX_HELD_CHARS = 1_000_000;
const MESSAGE_LIMITS = { maxDepth: 1024, maxElements: Number.MAX_SAFE_INTEGER };

/** One request of the client, of those that make up the call. */
export interface Leg {
  readonly request: CallContext;
  readonly reply: ReplySink;
}

/** What the server asks and nobody has answered yet. */
interface OpenServerRequest {
  readonly serverRequest: ServerRequest;
  readonly answer: AnswerServerRequest;
}

type Outcome =
  | { readonly kind: 'answer'; readonly message: RpcMessage }
  | { readonly kind: 'failure'; readonly error: GatewayError };

/** `asking`: the client is about to be told what the server wants to know. `parked`: it was told, and is away. */
type Phase =
  | { readonly kind: 'running'; readonly leg: Leg }
  | { readonly kind: 'asking'; readonly leg: Leg; readonly ticket: Ticket<ParkingCall> }
  | {
      readonly kind: 'parked';
      readonly ticket: Ticket<ParkingCall>;
      readonly held: RpcMessage[];
      heldChars: number;
      outcome: Outcome | undefined;
    }
  | { readonly kind: 'over' };

export interface ParkingCallOptions {
  readonly bridgeContext: BridgeContext;
  readonly parks: ParkedCalls<ParkingCall>;
  readonly levels: ConnectionLogLevels;
  readonly labels: ElicitationLabels;
}

/**
 * The call of a modern client to a legacy server. When the server asks something, the client gets the question as its answer and the
 * call waits; the client's next request with the answers goes on with it.
 *
 * @see MCP 2026-07-28, "Multi-round-trip requests"; protocol.md 2.1 B.
 */
export class ParkingCall implements CallHandler, RunningCall, Parked {
  readonly #bridgeContext: BridgeContext;
  readonly #parks: ParkedCalls<ParkingCall>;
  readonly #levels: ConnectionLogLevels;
  readonly #labels: ElicitationLabels;
  readonly #serverRequests = new Map<string, OpenServerRequest>();
  #phase: Phase;
  #running: RunningCall | undefined;
  #asked = 0;
  /** Whether a later request than the first waits: its progress token is another one. */
  #hasResumed = false;

  constructor({ bridgeContext, parks, levels, labels }: ParkingCallOptions) {
    this.#bridgeContext = bridgeContext;
    this.#parks = parks;
    this.#levels = levels;
    this.#labels = labels;
    this.#phase = { kind: 'running', leg: bridgeContext };
  }

  /** Sends the call. */
  start(): void {
    const { connection, request, state, onNotHere } = this.#bridgeContext;
    // It may be the state of a modern server that has the same resource.
    if (state instanceof GatewayError) return onNotHere === undefined ? this.onFailure(state) : onNotHere();
    // guard: parked/declined
    if (state === 'again' && isDeclined(request.message)) return this.#answerDeclined();
    const level = logLevelOf(request.message);
    if (level === undefined) this.#send();
    else this.#levels.want(connection, this, level, () => this.#send());
  }

  /** The client of the first request does not want its answer any more. */
  cancel(reason?: string): void {
    this.#cancelLeg(this.#bridgeContext, reason);
  }

  /** The client is back. The state that led here is used up. */
  resume(leg: Leg): RunningCall {
    const phase = this.#phase;
    if (phase.kind !== 'parked') {
      leg.reply.settle({ kind: 'error', error: new GatewayError('OMNI_STATE_INVALID', 'The call is over') });
      return this;
    }
    this.#phase = { kind: 'running', leg };
    this.#hasResumed = true;
    for (const notification of phase.held) this.onNotification(notification);
    if (phase.outcome !== undefined) this.#finish(leg, phase.outcome);
    else {
      this.#wantLevelOf(leg);
      this.#takeAnswers(leg);
    }
    return { cancel: (reason) => this.#cancelLeg(leg, reason) };
  }

  onExpired(): void {
    this.giveUp('the client did not come back in time');
  }

  /** Its client has come back and gone away again. */
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
    // guard: call/to-modern
    if (!isAboutCall(message, this.#bridgeContext.request.message)) return true;
    if (phase.kind === 'parked') {
      phase.heldChars += message.text.length;
      const isWithin =
        /* guard: parked/held */ phase.held.length < MAX_HELD &&
        /* guard: parked/held-chars */ phase.heldChars <= MAX_HELD_CHARS;
      if (isWithin && phase.ticket.held.hold(phase.heldChars)) phase.held.push(message);
      return true;
    }
    const { request, reply } = phase.leg;
    if (message.method === 'notifications/message') {
      const level = logLevelOf(request.message);
      // guard: parked/log-level
      if (
        level === undefined ||
        !isSevereEnough(stringMember(message.text, message.params, 'level') ?? '', level)
      )
        return true;
    }
    if (!this.#hasResumed || message.method !== 'notifications/progress') return reply.notification(message);
    // Each request of the client has a token of its own.
    const token = memberOf(metaOf(request.message), 'progressToken');
    const place = memberOf(message.params, 'progressToken');
    if (token === undefined || place === undefined) return true;
    const text =
      message.text.slice(0, place.start) +
      (rawOf(request.message, token) ?? '') +
      message.text.slice(place.end);
    return reply.notification({ method: message.method, text, params: undefined });
  }

  onDrain(listener: () => void): void {
    const phase = this.#phase;
    if (phase.kind === 'running' || phase.kind === 'asking') phase.leg.reply.onDrain(listener);
    else listener();
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    const { connection, request } = this.#bridgeContext;
    const serverRequest = serverRequestOf(message);
    const isPossible =
      /* guard: parked/shared */ connection.binding !== undefined &&
      isMultiRound(request.message.method) &&
      isServerRequest(serverRequest.method);
    if (!isPossible || this.#phase.kind === 'over') {
      return answer(
        new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request cannot be asked in this way'),
      );
    }
    const key = `q${++this.#asked}`;
    this.#serverRequests.set(key, { serverRequest, answer });
    signal?.addEventListener('abort', () => this.#serverRequests.delete(key), { once: true });
    // Otherwise it goes along with others, or waits for the client to be back.
    if (this.#phase.kind === 'running') this.#ask(this.#phase.leg);
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (answer.kind === 'message') return this.#onOutcome({ kind: 'answer', message: answer.message });
    this.onFailure(new GatewayError('OMNI_INTERNAL', 'An answer that needs translation arrived unread'));
  }

  onFailure(error: GatewayError): void {
    this.#onOutcome({ kind: 'failure', error });
  }

  /** Each request of the client names its own level. */
  #wantLevelOf({ request }: Leg): void {
    const { connection } = this.#bridgeContext;
    const level = logLevelOf(request.message);
    if (level === undefined) this.#levels.drop(connection, this);
    else this.#levels.want(connection, this, level, () => {});
  }

  #send(): void {
    if (this.#phase.kind === 'over') return;
    const params = toLegacyParams(plannedParams(this.#bridgeContext));
    const running = this.#bridgeContext.connection.send(bridgedCall(this.#bridgeContext, params), this);
    this.#running = running;
  }

  #cancelLeg(leg: Leg, reason: string | undefined): void {
    const phase = this.#phase;
    if ((phase.kind !== 'running' && phase.kind !== 'asking') || phase.leg !== leg) return;
    this.#end();
    this.#running?.cancel(reason);
  }

  #onOutcome(outcome: Outcome): void {
    const phase = this.#phase;
    this.#serverRequests.clear();
    this.#levels.drop(this.#bridgeContext.connection, this);
    if (phase.kind === 'parked') phase.outcome = this.#kept(outcome, phase.ticket, phase.heldChars);
    else if (phase.kind !== 'over') this.#finish(phase.leg, outcome);
  }

  /** What becomes of an outcome until its client is back. */
  #kept(outcome: Outcome, { held }: Ticket<ParkingCall>, heldChars: number): Outcome {
    if (
      outcome.kind === 'failure' ||
      /* guard: parked/bytes */ held.hold(Math.min(heldChars, MAX_HELD_CHARS) + outcome.message.text.length)
    )
      return outcome;
    const text = `"${this.#bridgeContext.connection.upstream}" has answered before its question was, and too much waits for clients to come back already`;
    const hint =
      'The server may have done what it was asked. Answer or cancel the questions of other calls first, or ask for less.';
    return { kind: 'failure', error: new GatewayError('OMNI_MEMORY_FULL', text, { hint }) };
  }

  #takeAnswers(leg: Leg): void {
    const responses = readInputResponses(leg.request.message);
    for (const [key, { answer }] of [...this.#serverRequests]) {
      const json = responses.get(key);
      const message = json === undefined ? undefined : parseMessage(resultText('1', json), MESSAGE_LIMITS);
      if (message?.kind !== 'response') continue;
      this.#serverRequests.delete(key);
      answer(message);
    }
    // The server may have answered, or asked more, at once.
    if (this.#serverRequests.size > 0 && this.#phase.kind === 'running') this.#ask(leg);
  }

  /** Parks the call, and gives the client what the server has asked until then. */
  #ask(leg: Leg): void {
    const ticket = this.#parks.enter(this, leg.request.client.principal.id);
    if (ticket instanceof GatewayError) return this.#refuseServerRequests(ticket);
    this.#phase = { kind: 'asking', leg, ticket };
    this.#parks.stateFor(leg.request, ticket).then(
      (state) => this.#park(leg, ticket, state),
      (error: unknown) => this.#unpark(leg, ticket, GatewayError.from(error)),
    );
  }

  #park(leg: Leg, ticket: Ticket<ParkingCall>, state: string): void {
    // Meanwhile the call may have ended, or another round have begun.
    if (this.#phase.kind !== 'asking' || this.#phase.ticket !== ticket) return;
    const { capabilities } = leg.request.client;
    for (const [key, { serverRequest, answer }] of [...this.#serverRequests]) {
      if (/* guard: parked/capability */ canAnswer(capabilities, serverRequest)) continue;
      this.#serverRequests.delete(key);
      answer(
        new GatewayError('OMNI_METHOD_UNKNOWN', 'The client has not declared that it answers such requests'),
      );
    }
    const requests = new Map(
      [...this.#serverRequests].map(([key, { serverRequest }]) => [
        key,
        this.#inputRequest(leg, serverRequest),
      ]),
    );
    // What the server was told may have ended the call.
    if (this.#phase.ticket !== ticket) return;
    if (requests.size === 0) {
      this.#parks.leave(ticket);
      this.#phase = { kind: 'running', leg };
      return;
    }
    this.#phase = { kind: 'parked', ticket, held: [], heldChars: 0, outcome: undefined };
    this.#answer(leg, inputRequiredText(leg.request.message.id, requests, state, this.#serverInfo()), 200);
  }

  #unpark(leg: Leg, ticket: Ticket<ParkingCall>, error: GatewayError): void {
    if (this.#phase.kind !== 'asking' || this.#phase.ticket !== ticket) return;
    this.#parks.leave(ticket);
    this.#phase = { kind: 'running', leg };
    this.#refuseServerRequests(error);
  }

  #refuseServerRequests(error: GatewayError): void {
    const serverRequests = [...this.#serverRequests.values()];
    this.#serverRequests.clear();
    for (const { answer } of serverRequests) answer(error);
  }

  #finish(leg: Leg, outcome: Outcome): void {
    const { plan, connection, onNotHere } = this.#bridgeContext;
    this.#end();
    if (outcome.kind === 'failure') return leg.reply.settle({ kind: 'error', error: outcome.error });
    const { message } = outcome;
    if (onNotHere !== undefined && leg === this.#bridgeContext && isNotHere(message)) return onNotHere();
    const { id, method } = leg.request.message;
    const pages = isMultiRound(method) ? requiredElicitations(message) : [];
    if (pages.length > 0) {
      if (pages.every((page) => canAnswer(leg.request.client.capabilities, page)))
        return this.#askAgain(leg, pages);
      return this.#answer(leg, toMissingUrlElicitation(message, id), 400);
    }
    if (message.result !== undefined)
      plan.onResourceLinks?.(connection.upstream, resourceLinksIn(rawOf(message, message.result) ?? ''));
    this.#answer(leg, toModernAnswer(message, id, method, this.#serverInfo()), statusOfAnswer(message));
  }

  /** The server has ended the call until its user has visited some pages: then the call is to be made again. */
  #askAgain(leg: Leg, pages: readonly ServerRequest[]): void {
    const requests = new Map(pages.map((page, index) => [`q${index + 1}`, this.#inputRequest(leg, page)]));
    this.#parks.stateFor(leg.request).then(
      (state) =>
        this.#answer(
          leg,
          inputRequiredText(leg.request.message.id, requests, state, this.#serverInfo()),
          200,
        ),
      (error: unknown) => leg.reply.settle({ kind: 'error', error: GatewayError.from(error) }),
    );
  }

  /** The user does not want to visit the pages: the server would only ask for them again. */
  #answerDeclined(): void {
    const { request, reply, connection } = this.#bridgeContext;
    const { id, method } = request.message;
    const text = `The page that "${connection.upstream}" wants to be visited first was declined`;
    this.#end();
    if (method !== 'tools/call')
      return reply.settle({ kind: 'error', error: new GatewayError('OMNI_INPUT_REQUIRED', text) });
    this.#answer(
      this.#bridgeContext,
      resultText(id, `{"resultType":"complete",${failedToolMembers(text)}}`),
      200,
    );
  }

  #inputRequest({ request }: Leg, serverRequest: ServerRequest): string {
    return inputRequest(
      this.#labels.inServerRequest(serverRequest, this.#bridgeContext.connection.upstream, request.client),
    );
  }

  #answer({ reply }: Leg, payload: string, status: number): void {
    reply.settle({ kind: 'message', payload, status });
  }

  #serverInfo(): string | undefined {
    const { handshake } = this.#bridgeContext.connection;
    return rawOf(handshake, memberOf(handshake.result?.object, 'serverInfo'));
  }

  #end(): void {
    if (this.#phase.kind === 'asking') this.#parks.leave(this.#phase.ticket);
    this.#phase = { kind: 'over' };
    this.#serverRequests.clear();
    this.#levels.drop(this.#bridgeContext.connection, this);
  }
}
