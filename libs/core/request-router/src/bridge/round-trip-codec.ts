import {
  parseMessage,
  rawOf,
  requestText,
  resultText,
  type RpcMessage,
  stringMember,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallHandler,
  canAnswer,
  capabilitiesAcrossEras,
  type RunningCall,
  type UpstreamAnswer,
  type CallPhase,
  mayHaveRun,
} from '@omni/model';
import { type CancelTimer, type Clock, GatewayError } from '@omni/ports';
import { declaredTo } from '../call/told-of-client.ts';
import { isMultiRound } from '../call/multi-round.ts';
import { failedToolMembers, toLegacyAnswer } from './bridge-answer.ts';
import { bridgedCall, plannedParams, type BridgeContext } from './bridge-context.ts';
import { locatedParams, toModernParams } from './bridge-params.ts';
import { type EraCodec, unreadAnswer } from './era-codec.ts';
import { crossesEras } from './era-notification.ts';
import {
  isInputRequired,
  isServerRequest,
  readInputRequired,
  toLegacyServerRequest,
  withAnswers,
  type InputRequired,
} from './input-required.ts';
import { randomId } from './random-id.ts';

/** Rounds after the first request; a server that still asks then will not stop. */
const MAX_ROUNDS = 8;
/** Pause before a round that brings nothing new: the server only wanted to be asked again. */
const STATE_ONLY_PAUSE_MS = /* guard: rounds/pause */ 250;

/** What the client is asked in one round. */
interface Question {
  readonly key: string;
  readonly message: RpcMessage;
}

/**
 * From a legacy client to a modern server: what the server needs to know is asked on the stream of the
 * client's call, and the call is made again with the answers.
 *
 * @see MCP 2026-07-28, "Multi-round-trip requests"; decision 0010.
 */
export class RoundTripCodec implements EraCodec, CallHandler {
  readonly #bridgeContext: BridgeContext;
  readonly #clock: Clock;
  readonly #params: string;
  /** What the server is told of the client. */
  readonly #capabilities: string;
  #round = 0;
  #running: RunningCall | undefined;
  /** Ends the questions that the client has before it. */
  #questions: AbortController | undefined;
  #cancelPause: CancelTimer | undefined;
  #isOver = false;

  constructor(bridgeContext: BridgeContext, clock: Clock) {
    this.#bridgeContext = bridgeContext;
    this.#clock = clock;
    const { client } = bridgeContext.request;
    const { connection } = bridgeContext;
    this.#capabilities = capabilitiesAcrossEras(declaredTo(connection, client.capabilities));
    this.#params = toModernParams(
      plannedParams(bridgeContext),
      client.clientInfo,
      this.#capabilities,
      client.session?.logLevel(),
    ).text;
  }

  start(): void {
    this.#send(this.#params);
  }

  cancel(reason?: string): void {
    if (this.#isOver) return;
    this.#end();
    this.#running?.cancel(reason);
  }

  onNotification(message: RpcMessage): boolean {
    if (this.#isOver || /* guard: era/notifications */ !crossesEras(message.method, 'modern')) return true;
    return this.#bridgeContext.handler.onNotification(message);
  }

  onDrain(listener: () => void): void {
    this.#bridgeContext.handler.onDrain(listener);
  }

  onServerRequest(_message: RpcMessage, answer: AnswerServerRequest): void {
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'Servers send no requests in revision 2026-07-28'));
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#isOver) return;
    if (answer.kind === 'bytes') return this.#giveUp(unreadAnswer());
    const { message } = answer;
    const { request, route, connection, handler } = this.#bridgeContext;
    if (isInputRequired(message) && isMultiRound(request.message.method)) return this.#goOn(message);
    this.#end();
    handler.onAnswer(toLegacyAnswer(message, request.message.id, connection.upstream, route.wrapsOutput));
  }

  onFailure(error: GatewayError, phase: CallPhase): void {
    if (this.#isOver) return;
    this.#end();
    // In a later round the server has answered before.
    if (this.#round === 0) this.#bridgeContext.handler.onFailure(error, phase);
    else this.#bridgeContext.handler.onFailure(mayHaveRun(error), 'head-received');
  }

  /** Fails after an answer that leads nowhere. */
  #giveUp(error: GatewayError): void {
    this.onFailure(error, 'head-received');
  }

  #send(params: string): void {
    const round = this.#round;
    const call = bridgedCall(this.#bridgeContext, locatedParams(params));
    // Each round is a request of its own; where the server sees the client's id, it must see another one
    // then.
    const running = this.#bridgeContext.connection.send(
      round === 0 ? call : { ...call, clientId: `"${randomId()}"` },
      this,
    );
    // The connection may have answered at once, and the next round may run already.
    if (this.#round === round) this.#running = running;
  }

  #goOn(message: RpcMessage): void {
    const { upstream } = this.#bridgeContext.connection;
    const asked = readInputRequired(message);
    if (asked === undefined)
      return this.#giveUp(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `"${upstream}" asked for input in a form that is not valid`,
        ),
      );
    // guard: rounds/count
    if (++this.#round > MAX_ROUNDS)
      return this.#fail(`"${upstream}" still asks for input after ${MAX_ROUNDS} rounds`);
    if (asked.serverRequests.length > 0) return this.#ask(asked);
    this.#cancelPause = this.#clock.after(STATE_ONLY_PAUSE_MS, () =>
      this.#send(withAnswers(this.#params, new Map(), asked.state)),
    );
  }

  #ask({ serverRequests, state }: InputRequired): void {
    const { connection, handler } = this.#bridgeContext;
    const questions = this.#questionsFor(serverRequests);
    if (questions === undefined) {
      return this.#giveUp(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `"${connection.upstream}" asked for something that the client has not declared`,
        ),
      );
    }
    const controller = new AbortController();
    this.#questions = controller;
    const answers = new Map<string, string>();
    for (const { key, message } of questions) {
      if (controller.signal.aborted) return;
      const take: AnswerServerRequest = (answer) => {
        if (controller.signal.aborted || answers.has(key)) return;
        // Servers of this era hear of no progress.
        if (!(answer instanceof GatewayError) && answer.kind === 'notification') return;
        const result = answer instanceof GatewayError ? undefined : rawOf(answer, answer.result);
        if (result === undefined)
          return this.#fail(
            `The client did not answer what "${connection.upstream}" asked: ${wordsOf(answer)}`,
          );
        answers.set(key, result);
        if (answers.size === questions.length) this.#answer(questions, answers, state);
      };
      handler.onServerRequest(message, take, controller.signal);
    }
  }

  /** @returns `undefined` when the client has not declared that it answers all of them. */
  #questionsFor(serverRequests: InputRequired['serverRequests']): readonly Question[] | undefined {
    const questions: Question[] = [];
    for (const serverRequest of serverRequests) {
      // guard: rounds/capability
      if (!isServerRequest(serverRequest.method) || !canAnswer(this.#capabilities, serverRequest))
        return undefined;
      const params = toLegacyServerRequest(serverRequest, randomId());
      const message = parseMessage(requestText('"question"', serverRequest.method, params), TRUSTED_LIMITS);
      if (message.kind !== 'request') return undefined;
      questions.push({ key: serverRequest.key, message });
    }
    return questions;
  }

  /** Makes the call again with the answers, in the order in which they were asked for. */
  #answer(
    questions: readonly Question[],
    answers: ReadonlyMap<string, string>,
    state: string | undefined,
  ): void {
    const inOrder = questions.map(({ key }): [string, string] => [key, answers.get(key) ?? '{}']);
    this.#send(withAnswers(this.#params, new Map(inOrder), state));
  }

  /** In this era a tool that could not do its work says so in its result. */
  #fail(text: string): void {
    if (this.#isOver) return;
    const { handler, request } = this.#bridgeContext;
    if (request.message.method !== 'tools/call')
      return this.#giveUp(new GatewayError('OMNI_INPUT_REQUIRED', text));
    this.#end();
    handler.onAnswer({
      kind: 'translated',
      text: resultText(request.message.id, `{${failedToolMembers(text)}}`),
      errorCode: undefined,
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#cancelPause?.();
    this.#questions?.abort('the call is over');
  }
}

function wordsOf(answer: RpcMessage | GatewayError): string {
  if (answer instanceof GatewayError) return answer.message;
  return (stringMember(answer.text, answer.error?.object, 'message') ?? 'it answered with no result').slice(
    0,
    200,
  );
}
