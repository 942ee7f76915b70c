import { GatewayError } from '@omni/ports';
import {
  askerOf,
  memberOf,
  metaOf,
  rawOf,
  withId,
  type AnswerServerRequest,
  type CallListener,
  type GatewayRequest,
  type ReplySink,
  type RpcMessage,
  type RunningCall,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamLink,
} from '@omni/wire';
import { isNotHere, statusOfAnswer } from './bridge/bridge-answer.ts';
import type { Bridge } from './bridge/bridge.ts';
import type { UpstreamAccess } from './collaborators.ts';
import type { RoutePlan } from './route-plan.ts';

export interface RelayCallOptions {
  readonly request: GatewayRequest;
  readonly plan: RoutePlan;
  readonly access: UpstreamAccess;
  readonly bridge: Bridge;
  readonly reply: ReplySink;
}

/** One request on its way to an upstream and back. Within an era it is carried as it is; the bridge takes it across. */
export class RelayCall implements CallListener, RunningCall {
  readonly #request: GatewayRequest;
  readonly #plan: RoutePlan;
  readonly #access: UpstreamAccess;
  readonly #bridge: Bridge;
  readonly #reply: ReplySink;
  #attempt = 0;
  #link: UpstreamLink | undefined;
  #running: RunningCall | undefined;
  #isOver = false;

  constructor({ request, plan, access, bridge, reply }: RelayCallOptions) {
    this.#request = request;
    this.#plan = plan;
    this.#access = access;
    this.#bridge = bridge;
    this.#reply = reply;
  }

  start(): void {
    this.#access.linkFor(this.#plan.upstreams[this.#attempt] ?? '', this.#request.client, (link) => {
      if (this.#isOver) return;
      if (link instanceof GatewayError) return this.#isLastAttempt() ? this.onFailure(link) : this.#startNext();
      this.#link = link;
      if (link.era !== this.#request.client.era) return this.#cross(link);
      const { session } = this.#request.client;
      const level = link.era === 'legacy' ? session?.logLevel() : undefined;
      if (level === undefined || session === undefined) this.#send(link);
      else this.#bridge.levels.wantForSession(link, session, level, () => this.#send(link));
    });
  }

  cancel(reason?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#running?.cancel(reason);
  }

  onNotification(message: RpcMessage): boolean {
    return this.#isOver || this.#reply.notification(message);
  }

  onDrain(listener: () => void): void {
    this.#reply.onDrain(listener);
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    if (this.#request.client.era === 'legacy' && !this.#isOver) this.#reply.serverRequest(this.#upstream(), message, answer, signal);
    else answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request cannot be asked in this way'));
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#isOver) return;
    if (answer.kind === 'message' && !this.#isLastAttempt() && isNotHere(answer.message)) return this.#startNext();
    this.#isOver = true;
    if (answer.kind === 'bytes') {
      this.#plan.onResult?.(this.#upstream(), new TextDecoder().decode(answer.bytes));
      this.#reply.answer({ kind: 'message', payload: answer.bytes, status: answer.status });
      return;
    }
    const { message } = answer;
    if (message.result !== undefined) this.#plan.onResult?.(this.#upstream(), rawOf(message, message.result) ?? '');
    const status = answer.status === 200 ? statusOfAnswer(message) : answer.status;
    this.#reply.answer({ kind: 'message', payload: withId(message, this.#request.message.id), status });
  }

  onFailure(error: GatewayError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reply.answer({ kind: 'error', error });
  }

  #upstream(): string {
    return this.#link?.upstream ?? '';
  }

  #send(link: UpstreamLink): void {
    if (this.#isOver) return;
    const attempt = this.#attempt;
    const running = link.send(this.#callFor(), this);
    // The link may have answered at once; then there is nothing left to cancel, or it is the next one's call that runs.
    if (!this.#isOver && this.#attempt === attempt) this.#running = running;
  }

  #cross(link: UpstreamLink): void {
    // Several servers may have the resource: a "not found" of one is no answer yet.
    const onNotHere = this.#isLastAttempt() ? undefined : (): void => (this.#isOver ? undefined : this.#startNext());
    const attempt = this.#attempt;
    const running = this.#bridge.start({ request: this.#request, plan: this.#plan, link, reply: this.#reply, onNotHere });
    if (this.#attempt === attempt) this.#running = running;
  }

  #startNext(): void {
    this.#attempt++;
    this.start();
  }

  #isLastAttempt(): boolean {
    return this.#attempt + 1 >= this.#plan.upstreams.length;
  }

  #callFor(): UpstreamCall {
    const { message, client } = this.#request;
    const { edits, name, paramHeaders } = this.#plan;
    const { params } = message;
    return {
      method: message.method,
      text: message.text,
      paramsStart: params?.start ?? 0,
      paramsEnd: params?.end ?? 0,
      edits,
      progressToken: memberOf(metaOf(message), 'progressToken'),
      name,
      paramHeaders,
      clientId: message.id,
      asker: askerOf(client),
      mayPassBytes: this.#isLastAttempt(),
    };
  }
}
