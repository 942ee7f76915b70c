import { GatewayError } from '@omni/ports';
import {
  memberOf,
  metaOf,
  parseMessage,
  rawOf,
  resultText,
  stringMember,
  type AnswerServerRequest,
  type CallListener,
  type GatewayRequest,
  type ReplySink,
  type RpcMessage,
  type RunningCall,
  type UpstreamAnswer,
} from '@omni/wire';
import type { AskerNames } from '../asker-names.ts';
import { isAboutCall } from '../call-notice.ts';
import type { LinkLogLevels } from '../link-log-levels.ts';
import { isSevereEnough, logLevelOf } from '../log-levels.ts';
import { resourceLinksIn } from '../resource-links.ts';
import { failedToolMembers, isNotHere, statusOfAnswer, toMissingUrlElicitation, toModernAnswer } from './bridge-answer.ts';
import { toLegacyParams } from './bridge-params.ts';
import { bridgedCall, plannedParams, type Crossing } from './bridged-call.ts';
import { canAnswer } from './declared-capabilities.ts';
import { crossesEras } from './era-notification.ts';
import { isMultiRound, isQuestion, type Question } from './input-required.ts';
import { inputRequest, inputRequiredText, isDeclined, questionOf, readInputResponses, requiredElicitations } from './input-responses.ts';
import type { Parked, ParkedCalls, Ticket } from './parked-calls.ts';

/** Notifications that are kept for a client that is away, and the characters that they may have together. */
const MAX_HELD = 100;
const MAX_HELD_CHARS = 1_000_000;
const MESSAGE_LIMITS = { maxDepth: 1024, maxElements: Number.MAX_SAFE_INTEGER };

/** One request of the client, of those that make up the call. */
export interface Leg {
  readonly request: GatewayRequest;
  readonly reply: ReplySink;
}

/** What the server asks and nobody has answered yet. */
interface OpenQuestion {
  readonly question: Question;
  readonly answer: AnswerServerRequest;
}

type Outcome = { readonly kind: 'answer'; readonly message: RpcMessage } | { readonly kind: 'failure'; readonly error: GatewayError };

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
  readonly crossing: Crossing;
  readonly parks: ParkedCalls<ParkingCall>;
  readonly levels: LinkLogLevels;
  readonly askers: AskerNames;
}

/**
 * The call of a modern client to a legacy server. When the server asks something, the client gets the question as its answer and the
 * call waits; the client's next request with the answers goes on with it.
 *
 * @see MCP 2026-07-28, "Multi-round-trip requests"; protocol.md 2.1 B.
 */
export class ParkingCall implements CallListener, RunningCall, Parked {
  readonly #crossing: Crossing;
  readonly #parks: ParkedCalls<ParkingCall>;
  readonly #levels: LinkLogLevels;
  readonly #askers: AskerNames;
  readonly #questions = new Map<string, OpenQuestion>();
  #phase: Phase;
  #running: RunningCall | undefined;
  #asked = 0;
  /** Whether a later request than the first waits: its progress token is another one. */
  #hasResumed = false;

  constructor({ crossing, parks, levels, askers }: ParkingCallOptions) {
    this.#crossing = crossing;
    this.#parks = parks;
    this.#levels = levels;
    this.#askers = askers;
    this.#phase = { kind: 'running', leg: crossing };
  }

  /** Sends the call. */
  start(): void {
    const { link, request, state, onNotHere } = this.#crossing;
    // It may be the state of a modern server that has the same resource.
    if (state instanceof GatewayError) return onNotHere === undefined ? this.onFailure(state) : onNotHere();
    if (state === 'again' && isDeclined(request.message)) return this.#answerDeclined();
    const level = logLevelOf(request.message);
    if (level === undefined) this.#send();
    else this.#levels.want(link, this, level, () => this.#send());
  }

  /** The client of the first request does not want its answer any more. */
  cancel(reason?: string): void {
    this.#cancelLeg(this.#crossing, reason);
  }

  /** The client is back. The state that led here is used up. */
  resume(leg: Leg): RunningCall {
    const phase = this.#phase;
    if (phase.kind !== 'parked') {
      leg.reply.answer({ kind: 'error', error: new GatewayError('OMNI_STATE_INVALID', 'The call is over') });
      return this;
    }
    this.#phase = { kind: 'running', leg };
    this.#hasResumed = true;
    for (const notice of phase.held) this.onNotification(notice);
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
    if (phase.kind === 'over' || !crossesEras(message.method, 'legacy')) return true;
    if (!isAboutCall(message, this.#crossing.request.message)) return true;
    if (phase.kind === 'parked') {
      phase.heldChars += message.text.length;
      const isWithin = phase.held.length < MAX_HELD && phase.heldChars <= MAX_HELD_CHARS;
      if (isWithin && phase.ticket.held.hold(phase.heldChars)) phase.held.push(message);
      return true;
    }
    const { request, reply } = phase.leg;
    if (message.method === 'notifications/message') {
      const level = logLevelOf(request.message);
      if (level === undefined || !isSevereEnough(stringMember(message.text, message.params, 'level') ?? '', level)) return true;
    }
    if (!this.#hasResumed || message.method !== 'notifications/progress') return reply.notification(message);
    // Each request of the client has a token of its own.
    const token = memberOf(metaOf(request.message), 'progressToken');
    const place = memberOf(message.params, 'progressToken');
    if (token === undefined || place === undefined) return true;
    const text = message.text.slice(0, place.start) + (rawOf(request.message, token) ?? '') + message.text.slice(place.end);
    return reply.notification({ method: message.method, text, params: undefined });
  }

  onDrain(listener: () => void): void {
    const phase = this.#phase;
    if (phase.kind === 'running' || phase.kind === 'asking') phase.leg.reply.onDrain(listener);
    else listener();
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    const { link, request } = this.#crossing;
    const question = questionOf(message);
    const isPossible = link.owner !== undefined && isMultiRound(request.message.method) && isQuestion(question.method);
    if (!isPossible || this.#phase.kind === 'over') {
      return answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request cannot be asked in this way'));
    }
    const key = `q${++this.#asked}`;
    this.#questions.set(key, { question, answer });
    signal?.addEventListener('abort', () => this.#questions.delete(key), { once: true });
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
    const { link } = this.#crossing;
    const level = logLevelOf(request.message);
    if (level === undefined) this.#levels.drop(link, this);
    else this.#levels.want(link, this, level, () => {});
  }

  #send(): void {
    if (this.#phase.kind === 'over') return;
    const params = toLegacyParams(plannedParams(this.#crossing));
    const running = this.#crossing.link.send(bridgedCall(this.#crossing, params), this);
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
    this.#questions.clear();
    this.#levels.drop(this.#crossing.link, this);
    if (phase.kind === 'parked') phase.outcome = this.#kept(outcome, phase.ticket, phase.heldChars);
    else if (phase.kind !== 'over') this.#finish(phase.leg, outcome);
  }

  /** What becomes of an outcome until its client is back. */
  #kept(outcome: Outcome, { held }: Ticket<ParkingCall>, heldChars: number): Outcome {
    if (outcome.kind === 'failure' || held.hold(Math.min(heldChars, MAX_HELD_CHARS) + outcome.message.text.length)) return outcome;
    const text = `"${this.#crossing.link.upstream}" has answered before its question was, and too much waits for clients to come back already`;
    const hint = 'The server may have done what it was asked. Answer or cancel the questions of other calls first, or ask for less.';
    return { kind: 'failure', error: new GatewayError('OMNI_MEMORY_FULL', text, { hint }) };
  }

  #takeAnswers(leg: Leg): void {
    const responses = readInputResponses(leg.request.message);
    for (const [key, { answer }] of [...this.#questions]) {
      const json = responses.get(key);
      const message = json === undefined ? undefined : parseMessage(resultText('1', json), MESSAGE_LIMITS);
      if (message?.kind !== 'response') continue;
      this.#questions.delete(key);
      answer(message);
    }
    // The server may have answered, or asked more, at once.
    if (this.#questions.size > 0 && this.#phase.kind === 'running') this.#ask(leg);
  }

  /** Parks the call, and gives the client what the server has asked until then. */
  #ask(leg: Leg): void {
    const ticket = this.#parks.enter(this, leg.request.client.principal.id);
    if (ticket instanceof GatewayError) return this.#refuseQuestions(ticket);
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
    for (const [key, { question, answer }] of [...this.#questions]) {
      if (canAnswer(capabilities, question)) continue;
      this.#questions.delete(key);
      answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'The client has not declared that it answers such requests'));
    }
    const requests = new Map([...this.#questions].map(([key, { question }]) => [key, this.#inputRequest(leg, question)]));
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
    this.#refuseQuestions(error);
  }

  #refuseQuestions(error: GatewayError): void {
    const questions = [...this.#questions.values()];
    this.#questions.clear();
    for (const { answer } of questions) answer(error);
  }

  #finish(leg: Leg, outcome: Outcome): void {
    const { plan, link, onNotHere } = this.#crossing;
    this.#end();
    if (outcome.kind === 'failure') return leg.reply.answer({ kind: 'error', error: outcome.error });
    const { message } = outcome;
    if (onNotHere !== undefined && leg === this.#crossing && isNotHere(message)) return onNotHere();
    const { id, method } = leg.request.message;
    const pages = isMultiRound(method) ? requiredElicitations(message) : [];
    if (pages.length > 0) {
      if (pages.every((page) => canAnswer(leg.request.client.capabilities, page))) return this.#askAgain(leg, pages);
      return this.#answer(leg, toMissingUrlElicitation(message, id), 400);
    }
    if (message.result !== undefined) plan.onLinks?.(link.upstream, resourceLinksIn(rawOf(message, message.result) ?? ''));
    this.#answer(leg, toModernAnswer(message, id, method, this.#serverInfo()), statusOfAnswer(message));
  }

  /** The server has ended the call until its user has visited some pages: then the call is to be made again. */
  #askAgain(leg: Leg, pages: readonly Question[]): void {
    const requests = new Map(pages.map((page, index) => [`q${index + 1}`, this.#inputRequest(leg, page)]));
    this.#parks.stateFor(leg.request).then(
      (state) => this.#answer(leg, inputRequiredText(leg.request.message.id, requests, state, this.#serverInfo()), 200),
      (error: unknown) => leg.reply.answer({ kind: 'error', error: GatewayError.from(error) }),
    );
  }

  /** The user does not want to visit the pages: the server would only ask for them again. */
  #answerDeclined(): void {
    const { request, reply, link } = this.#crossing;
    const { id, method } = request.message;
    const text = `The page that "${link.upstream}" wants to be visited first was declined`;
    this.#end();
    if (method !== 'tools/call') return reply.answer({ kind: 'error', error: new GatewayError('OMNI_INPUT_REQUIRED', text) });
    this.#answer(this.#crossing, resultText(id, `{"resultType":"complete",${failedToolMembers(text)}}`), 200);
  }

  #inputRequest({ request }: Leg, question: Question): string {
    return inputRequest(this.#askers.inQuestion(question, this.#crossing.link.upstream, request.client));
  }

  #answer({ reply }: Leg, payload: string, status: number): void {
    reply.answer({ kind: 'message', payload, status });
  }

  #serverInfo(): string | undefined {
    const { hello } = this.#crossing.link;
    return rawOf(hello, memberOf(hello.result?.object, 'serverInfo'));
  }

  #end(): void {
    if (this.#phase.kind === 'asking') this.#parks.leave(this.#phase.ticket);
    this.#phase = { kind: 'over' };
    this.#questions.clear();
    this.#levels.drop(this.#crossing.link, this);
  }
}
