import { memberOf, parseMessage, rawOf, resultText, type RpcMessage, TRUSTED_LIMITS } from '@omni/jsonrpc';
import { canAnswer, type CallContext, type CallPhase } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { underTokenOf } from '../call/call-notification.ts';
import { isMultiRound } from '../call/multi-round.ts';
import type { ConnectionLogLevels } from '../log-levels/connection-log-levels.ts';
import { failedToolMembers, toMissingUrlElicitation, toModernAnswer } from './bridge-answer.ts';
import { bridgedCall, plannedParams, type BridgeContext } from './bridge-context.ts';
import { toLegacyParams } from './bridge-params.ts';
import type { EraCodec } from './era-codec.ts';
import type { ServerRequest } from './input-required.ts';
import { inputRequest, inputRequiredText, isDeclined, requiredElicitations } from './input-responses.ts';
import { type CallEnd, ParkedCall, type WaitingRequest } from './parked-call.ts';
import type { ParkedCalls } from './parked-calls.ts';

/**
 * What the state that a request brings back leads to: the call that waits for it, or the same call once more.
 */
export type ReturnedState = ParkedCall | 'again';

export interface ParkingCodecOptions {
  readonly bridgeContext: BridgeContext;
  /** `undefined` when the request brings no state back. */
  readonly returned: ReturnedState | undefined;
  readonly parks: ParkedCalls<ParkedCall>;
  readonly levels: ConnectionLogLevels;
}

/**
 * From a modern client to a legacy server: attaches one request of the client to its {@link ParkedCall}, and
 * puts what the server says into the terms of this request.
 *
 * @see MCP 2026-07-28, "Multi-round-trip requests"; decision 0010.
 */
export class ParkingCodec implements EraCodec, WaitingRequest {
  readonly #options: ParkingCodecOptions;
  #call: ParkedCall | undefined;

  constructor(options: ParkingCodecOptions) {
    this.#options = options;
  }

  get context(): CallContext {
    return this.#options.bridgeContext.request;
  }

  start(): void {
    const { bridgeContext, returned, parks, levels } = this.#options;
    if (returned instanceof ParkedCall) {
      this.#call = returned;
      return returned.resume(this);
    }
    // guard: parked/declined
    if (returned === 'again' && isDeclined(this.context.message)) return this.#answerDeclined();
    this.#call = new ParkedCall({ connection: bridgeContext.connection, first: this, parks, levels });
    this.#call.send(bridgedCall(bridgeContext, toLegacyParams(plannedParams(bridgeContext))));
  }

  cancel(reason?: string): void {
    this.#call?.cancel(this, reason);
  }

  onNotification(message: RpcMessage): boolean {
    const { handler } = this.#options.bridgeContext;
    const own = this.context.message;
    // Each request of the client has a token of its own.
    const told = underTokenOf(message, this.#call?.firstRequest ?? own, own);
    return told === undefined || handler.onNotification(told);
  }

  onDrain(listener: () => void): void {
    this.#options.bridgeContext.handler.onDrain(listener);
  }

  onAsked(serverRequests: ReadonlyMap<string, ServerRequest>, state: string): void {
    const text = inputRequiredText(
      this.context.message.id,
      new Map([...serverRequests].map(([key, serverRequest]) => [key, inputRequest(serverRequest)])),
      state,
      this.#serverInfo(),
    );
    const message = parseMessage(text, TRUSTED_LIMITS);
    // Its questions get the label of the server, as those of a modern server do.
    if (message.kind === 'response')
      this.#options.bridgeContext.handler.onAnswer({ kind: 'message', message, status: 200 });
    else this.#fail(new GatewayError('OMNI_INTERNAL', 'What asks for input cannot be read'), 'head-received');
  }

  onEnd(end: CallEnd): void {
    const { handler } = this.#options.bridgeContext;
    if (end.kind === 'failure') return handler.onFailure(end.error, end.phase);
    const { message } = end;
    const { id, method } = this.context.message;
    const pages = isMultiRound(method) ? requiredElicitations(message) : [];
    if (pages.length === 0) return handler.onAnswer(toModernAnswer(message, id, method, this.#serverInfo()));
    if (pages.every((page) => canAnswer(this.context.client.capabilities, page))) this.#askAgain(pages);
    else handler.onAnswer(toMissingUrlElicitation(message, id));
  }

  /**
   * The server has ended the call until its user has visited some pages: then the call is to be made again.
   */
  #askAgain(pages: readonly ServerRequest[]): void {
    const { bridgeContext, parks } = this.#options;
    const serverRequests = new Map(pages.map((page, index) => [`q${index + 1}`, page]));
    parks.stateFor(this.context, bridgeContext.connection.upstream).then(
      (state) => this.onAsked(serverRequests, state),
      (error: unknown) => this.#fail(GatewayError.from(error), 'head-received'),
    );
  }

  /** The user does not want to visit the pages: the server would only ask for them again. */
  #answerDeclined(): void {
    const { connection, handler } = this.#options.bridgeContext;
    const { id, method } = this.context.message;
    const text = `The page that "${connection.upstream}" wants to be visited first was declined`;
    if (method !== 'tools/call') return this.#fail(new GatewayError('OMNI_INPUT_REQUIRED', text), 'not-sent');
    handler.onAnswer({
      kind: 'translated',
      text: resultText(id, `{"resultType":"complete",${failedToolMembers(text)}}`),
      errorCode: undefined,
    });
  }

  /** @param phase - Of the call to the server; it has answered unless it was never made. */
  #fail(error: GatewayError, phase: CallPhase = 'head-received'): void {
    this.#options.bridgeContext.handler.onFailure(error, phase);
  }

  #serverInfo(): string | undefined {
    const { handshake } = this.#options.bridgeContext.connection;
    return rawOf(handshake, memberOf(handshake.result?.object, 'serverInfo'));
  }
}
