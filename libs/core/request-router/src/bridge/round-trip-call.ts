import { parseMessage, rawOf, requestText, resultText, type RpcMessage, stringMember } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallHandler,
  canAnswer,
  capabilitiesAcrossEras,
  type RunningCall,
  type UpstreamAnswer,
} from '@omni/model';
import { type CancelTimer, type Clock, GatewayError } from '@omni/ports';
import { failedToolMembers, isNotHere, statusOfAnswer, toLegacyAnswer } from './bridge-answer.ts';
import { locatedParams, toModernParams } from './bridge-params.ts';
import { bridgedCall, plannedParams, type BridgeContext } from './bridged-call.ts';
import { crossesEras } from './era-notification.ts';
import {
  isInputRequired,
  isMultiRound,
  isServerRequest,
  readInputRequired,
  toLegacyServerRequest,
  withAnswers,
  type InputRequired,
} from './input-required.ts';
import type { ElicitationLabels } from '../elicitation-labels.ts';
import { isAboutCall } from '../execution/call-notification.ts';
import { resourceLinksIn } from '../execution/resource-links.ts';

/** Rounds after the first request; a server that still asks then will not stop. */
const MAX_ROUNDS = 8;
/** Pause before a round that brings nothing new: the server only wanted to be asked again. */
const STATE_ONLY_PAUSE_MS = /* guard: rounds/pause */ 250;
const MESSAGE_LIMITS = { maxDepth: 1024, maxElements: Number.MAX_SAFE_INTEGER };

export interface RoundTripDependencies {
  readonly clock: Clock;
  readonly labels: ElicitationLabels;
}

/**
 * The call of a legacy client to a modern server: what the server needs to know is asked on the stream of the client's call, and the
 * call is made again with the answers.
 *
 * @see MCP 2026-07-28, "Multi-round-trip requests"; protocol.md 2.1 A.
 */
export class RoundTripCall implements CallHandler, RunningCall {
  readonly #bridgeContext: BridgeContext;
  readonly #clock: Clock;
  readonly #labels: ElicitationLabels;
  readonly #params: string;
  #round = 0;
  #running: RunningCall | undefined;
  /** Ends the questions that the client has before it. */
  #serverRequests: AbortController | undefined;
  #cancelPause: CancelTimer | undefined;
  #isOver = false;

  constructor(bridgeContext: BridgeContext, { clock, labels }: RoundTripDependencies) {
    this.#bridgeContext = bridgeContext;
    this.#clock = clock;
    this.#labels = labels;
    const { client } = bridgeContext.request;
    const capabilities = capabilitiesAcrossEras(client.capabilities);
    this.#params = toModernParams(
      plannedParams(bridgeContext),
      client.clientInfo,
      capabilities,
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
    const { reply, request } = this.#bridgeContext;
    return /* guard: call/to-legacy */ !isAboutCall(message, request.message) || reply.notification(message);
  }

  onDrain(listener: () => void): void {
    this.#bridgeContext.reply.onDrain(listener);
  }

  onServerRequest(_message: RpcMessage, answer: AnswerServerRequest): void {
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'Servers send no requests in revision 2026-07-28'));
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#isOver) return;
    if (answer.kind === 'bytes')
      return this.onFailure(
        new GatewayError('OMNI_INTERNAL', 'An answer that needs translation arrived unread'),
      );
    const { message } = answer;
    const { request, plan, connection, reply, onNotHere } = this.#bridgeContext;
    if (isInputRequired(message) && isMultiRound(request.message.method)) return this.#goOn(message);
    this.#end();
    if (onNotHere !== undefined && isNotHere(message)) return onNotHere();
    if (message.result !== undefined)
      plan.onResourceLinks?.(connection.upstream, resourceLinksIn(rawOf(message, message.result) ?? ''));
    reply.settle({
      kind: 'message',
      payload: toLegacyAnswer(message, request.message.id, connection.upstream, plan.wrapsOutput),
      status: statusOfAnswer(message),
    });
  }

  onFailure(error: GatewayError): void {
    if (this.#isOver) return;
    this.#end();
    this.#bridgeContext.reply.settle({ kind: 'error', error });
  }

  #send(params: string): void {
    const round = this.#round;
    const call = bridgedCall(this.#bridgeContext, locatedParams(params));
    // Each round is a request of its own; where the server sees the client's id, it must see another one then.
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
      return this.onFailure(
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
    const { connection, reply, request } = this.#bridgeContext;
    const messages = serverRequests.map((serverRequest) => {
      // guard: rounds/capability
      if (!isServerRequest(serverRequest.method) || !canAnswer(request.client.capabilities, serverRequest))
        return undefined;
      const text = requestText(
        '"question"',
        serverRequest.method,
        toLegacyServerRequest(serverRequest, randomId()),
      );
      const message = parseMessage(text, MESSAGE_LIMITS);
      return message.kind === 'request' ? { key: serverRequest.key, message } : undefined;
    });
    const askable = messages.filter((message) => message !== undefined);
    if (askable.length < messages.length) {
      return this.onFailure(
        new GatewayError(
          'OMNI_UPSTREAM_PROTOCOL',
          `"${connection.upstream}" asked for something that the client has not declared`,
        ),
      );
    }
    const controller = new AbortController();
    this.#serverRequests = controller;
    const answers = new Map<string, string>();
    for (const { key, message } of askable) {
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
        // In the order in which they were asked.
        if (answers.size === askable.length)
          this.#send(
            withAnswers(
              this.#params,
              new Map(askable.map((asked) => [asked.key, answers.get(asked.key) ?? '{}'])),
              state,
            ),
          );
      };
      reply.serverRequest(
        connection.upstream,
        this.#labels.inRequest(message, connection.upstream, request.client),
        take,
        controller.signal,
      );
    }
  }

  /** In this era a tool that could not do its work says so in its result. */
  #fail(text: string): void {
    if (this.#isOver) return;
    const { reply, request } = this.#bridgeContext;
    if (request.message.method !== 'tools/call')
      return this.onFailure(new GatewayError('OMNI_INPUT_REQUIRED', text));
    this.#end();
    reply.settle({
      kind: 'message',
      payload: resultText(request.message.id, `{${failedToolMembers(text)}}`),
      status: 200,
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#cancelPause?.();
    this.#serverRequests?.abort('the call is over');
  }
}

function wordsOf(answer: RpcMessage | GatewayError): string {
  if (answer instanceof GatewayError) return answer.message;
  return (stringMember(answer.text, answer.error?.object, 'message') ?? 'it answered with no result').slice(
    0,
    200,
  );
}

/** 128 random bits. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
