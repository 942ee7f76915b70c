import { rawOf, type RpcMessage, withId } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  type CallContext,
  type CallPhase,
  type ChunkSink,
  forwardedHeadersOf,
  type Outcome,
  type ReplySink,
  type ResponseHead,
  type RunningCall,
  type UpstreamAnswer,
  type UpstreamConnection,
} from '@omni/model';
import { GatewayError, type HeaderList } from '@omni/ports';
import type { AttemptHandler, TranslatedAnswer } from '../bridge/era-codec.ts';
import type { ParkedCall } from '../bridge/parked-call.ts';
import type { OpenedState, Ticket } from '../bridge/parked-calls.ts';
import type { ReturnedState } from '../bridge/parking-codec.ts';
import { randomId } from '../bridge/random-id.ts';
import { errorCodeOf, isNotHere, saysNoSuchTool, statusOfCode } from '../call/answer-code.ts';
import { isAboutCall } from '../call/call-notification.ts';
import { resourceLinksIn } from '../call/resource-links.ts';
import { NOWHERE, type Route } from '../call/route.ts';
import { isUnwantedLog } from '../log-levels/log-levels.ts';
import { namesTasks, noTaskList, unknownTask } from '../tasks/task-relay.ts';
import type { ExecutionDependencies } from './execution-dependencies.ts';
import { relayedCall } from './relayed-call.ts';
import { ResourceLinkScanner } from './resource-link-scanner.ts';

/**
 * What the state of a request leads to; an error for one that Omni has not sealed, or that is not good any
 * more.
 */
export type BroughtState = OpenedState<ParkedCall> | GatewayError;

/**
 * One request of a client, from its route to its end. Asks the candidates in order, each in its own era, and
 * is the only one that touches the reply. Within an era it hears the connection itself; where the eras differ
 * a codec stands between the two.
 */
export class CallExecution implements AttemptHandler, ChunkSink, RunningCall {
  readonly #dependencies: ExecutionDependencies;
  readonly #context: CallContext;
  readonly #reply: ReplySink;
  readonly #isRepeated: boolean;
  #route: Route = NOWHERE;
  #state: BroughtState | undefined;
  #attempt = 0;
  #connection: UpstreamConnection | undefined;
  /** The upstream call of this attempt, or its codec. */
  #running: RunningCall | undefined;
  /** Where an answer goes that is passed on while it comes. */
  #chunks: ChunkSink | undefined;
  #cancelReason: string | undefined;
  /** Ends the wait for a connection. */
  #withdraw: (() => void) | undefined;
  #isOver = false;
  /** Whether the client has heard something: then no other server may answer. */
  #isShown = false;
  /** Whether the answer tells of a task, which goes on. */
  #isTask = false;

  /** @param isRepeated - Whether another attempt was made before, which may still run. */
  constructor(
    dependencies: ExecutionDependencies,
    context: CallContext,
    reply: ReplySink,
    isRepeated = false,
  ) {
    this.#isRepeated = isRepeated;
    this.#dependencies = dependencies;
    this.#context = context;
    this.#reply = reply;
  }

  /**
   * May be called once, also after {@link cancel}.
   *
   * @param route - What the view of the client permits.
   * @param state - What the request brings back; absent for most.
   */
  start(route: Route | GatewayError, state?: BroughtState): void {
    if (state !== undefined && 'ticket' in state) return this.#resume(route, state.ticket);
    if (route instanceof GatewayError) return this.onFailure(route);
    if (this.#isOver) return;
    this.#route = route;
    this.#state = state;
    this.#acquire();
  }

  cancel(reason?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelReason = reason;
    this.#withdraw?.();
    this.#running?.cancel(reason);
  }

  onNotification(message: RpcMessage): boolean {
    const { client, message: request } = this.#context;
    if (
      /* guard: call/relayed, call/to-legacy, call/to-modern */ !isAboutCall(message, request) ||
      /* guard: call/unwanted-logs */ isUnwantedLog(message, this.#context, this.#isAcrossEras())
    )
      return true;
    // A task goes on after the answer that tells of it.
    if (this.#isTask) client.session?.onNotification(this.#upstream(), message);
    if (this.#isAcrossEras()) return this.#show(message);
    let mayGoOn = true;
    this.#dependencies.tasks.incoming(this.#upstream(), client.principal.id, message, (translated) => {
      mayGoOn = this.#show(translated);
    });
    return mayGoOn;
  }

  onDrain(listener: () => void): void {
    this.#reply.onDrain(listener);
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    if (this.#isAcrossEras()) return this.#ask(message, answer, signal);
    const { principal } = this.#context.client;
    this.#dependencies.tasks.incoming(this.#upstream(), principal.id, message, (translated) =>
      this.#ask(translated, answer, signal),
    );
  }

  onAnswer(answer: UpstreamAnswer | TranslatedAnswer): void {
    if (this.#isOver) return;
    if (answer.kind === 'bytes') {
      if (this.#route.learner !== undefined)
        this.#learn(resourceLinksIn(new TextDecoder().decode(answer.bytes)));
      return this.#settle({ kind: 'message', payload: answer.bytes, status: answer.status });
    }
    const code = answer.kind === 'translated' ? answer.errorCode : errorCodeOf(answer.message);
    if (isNotHere(code) || (answer.kind === 'message' && saysNoSuchTool(answer.message)))
      this.#dependencies.onContradicted(this.#upstream());
    if (/* guard: route/next-only-if-not-there */ isNotHere(code) && this.#mayTryNext())
      return this.#tryNext();
    if (answer.kind === 'translated') {
      if (this.#route.learner !== undefined && code === undefined) this.#learn(resourceLinksIn(answer.text));
      return this.#settle({
        kind: 'message',
        payload: answer.text,
        status: statusOfCode(code),
        errorCode: code,
      });
    }
    const { task } = this.#route;
    const connection = this.#connection;
    if (
      task === undefined ||
      connection === undefined ||
      this.#isAcrossEras() ||
      !namesTasks(task, connection)
    )
      return this.#relay(answer.message, answer.status, code);
    const request = { role: task, client: this.#context.client, connection };
    this.#dependencies.tasks.answer(request, answer.message, (message) => {
      if (message instanceof GatewayError) return this.onFailure(message, 'head-received');
      this.#isTask = task.kind === 'starting' && message !== answer.message && !this.#isOver;
      this.#relay(message, answer.status, code);
    });
  }

  onFailure(error: GatewayError, phase: CallPhase = 'not-sent'): void {
    if (this.#isOver) return;
    if (error.code === 'OMNI_UPSTREAM_UNREACHABLE') this.#dependencies.onUnreachable(this.#upstream());
    this.#settle({ kind: 'error', error, phase });
  }

  /** Long answers go on while they come, where nothing in them has to be changed. */
  get chunks(): ChunkSink | undefined {
    const { chunks } = this.#reply;
    if (chunks === undefined) return undefined;
    this.#chunks =
      this.#route.learner === undefined
        ? chunks
        : new ResourceLinkScanner(chunks, (uris) => this.#learn(uris));
    return this;
  }

  onResponseHead(head: ResponseHead): void {
    if (!this.#isOver) this.#chunks?.onResponseHead(head);
  }

  onChunk(bytes: Uint8Array): boolean {
    return this.#isOver || this.#chunks?.onChunk(bytes) !== false;
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#chunks?.onResponseEnd();
  }

  #acquire(): void {
    const attempt = this.#attempt;
    const upstream = this.#route.upstreams[attempt] ?? '';
    const withdraw = this.#dependencies.upstreams.connectionFor(
      upstream,
      this.#context.client,
      (connection) => {
        if (this.#isOver) return;
        if (connection instanceof GatewayError)
          return this.#mayTryNext() ? this.#tryNext() : this.onFailure(connection);
        this.#connection = connection;
        if (this.#isAcrossEras()) this.#cross(connection);
        else this.#sendAtLevel(connection);
      },
    );
    // It may have been told at once, and be on its way to the next one.
    if (this.#attempt === attempt) this.#withdraw = withdraw;
  }

  #sendAtLevel(connection: UpstreamConnection): void {
    const { session } = this.#context.client;
    const level = connection.era === 'legacy' ? session?.logLevel() : undefined;
    if (level === undefined || session === undefined) this.#send(connection);
    else this.#dependencies.levels.wantForSession(connection, session, level, () => this.#send(connection));
  }

  #send(connection: UpstreamConnection): void {
    if (this.#isOver) return;
    const attempt = this.#attempt;
    const { task } = this.#route;
    // Nothing in the answer has to be read or changed.
    const allowPassthrough =
      !this.#mayTryNext() &&
      !this.#isRepeated &&
      !this.#dependencies.labels.mayAsk(this.#context) &&
      (task === undefined || !namesTasks(task, connection));
    const headers = this.#forwardedHeaders(connection);
    const relayed = relayedCall(connection, this.#context, this.#route, headers, allowPassthrough);
    const hasOwnId = /* guard: route/own-id */ this.#isRepeated;
    const call = hasOwnId ? { ...relayed, clientId: JSON.stringify(randomId()) } : relayed;
    const running = connection.send(call, this);
    // The connection may have answered at once; then there is nothing left to cancel, or it is the next one's
    // call that runs.
    if (!this.#isOver && this.#attempt === attempt) this.#running = running;
  }

  #cross(connection: UpstreamConnection): void {
    const { task } = this.#route;
    if (task !== undefined && task.kind !== 'starting')
      return this.onFailure(task.kind === 'list' ? noTaskList() : unknownTask());
    // Legacy servers give no states: it may be that of a modern server that has the same resource.
    if (this.#state instanceof GatewayError)
      return this.#mayTryNext() ? this.#tryNext() : this.onFailure(this.#state);
    this.#translate(connection, this.#state === undefined ? undefined : 'again');
  }

  /** Goes on with a call that waits, if the view still leads to its server; if not, the call waits on. */
  #resume(route: Route | GatewayError, ticket: Ticket<ParkedCall>): void {
    // guard: parked/permitted
    if (!this.#isOver && !this.#leadsTo(route, ticket.call.connection.upstream))
      return this.onFailure(route instanceof GatewayError ? route : movedCall());
    const call = this.#dependencies.bridge.parks.take(ticket);
    if (call instanceof GatewayError) return this.onFailure(call);
    // A client that is gone has used its state up.
    // guard: parked/gone
    if (this.#isOver) return call.giveUp(this.#cancelReason);
    if (!(route instanceof GatewayError)) this.#route = route;
    this.#connection = call.connection;
    this.#isShown = true;
    this.#translate(call.connection, call);
  }

  #translate(connection: UpstreamConnection, returned: ReturnedState | undefined): void {
    const codec = this.#dependencies.bridge.codecFor(
      {
        request: this.#context,
        route: this.#route,
        connection,
        forwardedHeaders: this.#forwardedHeaders(connection),
        handler: this,
      },
      returned,
    );
    this.#running = codec;
    codec.start();
  }

  #mayTryNext(): boolean {
    return (
      /* guard: route/next-after-shown */ !this.#isShown && this.#attempt + 1 < this.#route.upstreams.length
    );
  }

  #tryNext(): void {
    this.#attempt++;
    this.#running = undefined;
    this.#acquire();
  }

  #show(notification: RpcMessage): boolean {
    // guard: route/behind-answer
    if (this.#isOver) return true;
    this.#isShown = true;
    const { client } = this.#context;
    return this.#reply.notification(
      this.#dependencies.logLabels.inMessage(notification, this.#shownAs(), client),
    );
  }

  #ask(message: RpcMessage, answer: AnswerServerRequest, signal: AbortSignal | undefined): void {
    const { client } = this.#context;
    const upstream = this.#upstream();
    if (client.era !== 'legacy' || /* guard: route/question-after-cancel */ this.#isOver)
      return answer(
        new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request does not take such requests'),
      );
    this.#isShown = true;
    const labelled = this.#dependencies.labels.inRequest(message, this.#shownAs(), client);
    this.#reply.serverRequest(upstream, labelled, answer, signal);
  }

  /** @param sentStatus - With which the upstream has answered. */
  #relay(received: RpcMessage, sentStatus: number, code: string | undefined): void {
    if (this.#isOver) return; // cancelled while the id of a task was sealed
    const { client, message: request } = this.#context;
    const message = this.#dependencies.labels.inAnswer(received, this.#shownAs(), client);
    if (this.#route.learner !== undefined && message.result !== undefined)
      this.#learn(resourceLinksIn(rawOf(message, message.result) ?? ''));
    this.#settle({
      kind: 'message',
      payload: withId(message, request.id),
      status: sentStatus === 200 ? statusOfCode(code) : sentStatus,
      errorCode: code,
    });
  }

  #learn(uris: readonly string[]): void {
    for (const uri of uris) this.#route.learner?.rememberUri(uri, this.#shownAs());
  }

  /** The one place where the request is answered. */
  #settle(outcome: Outcome): void {
    this.#isOver = true;
    this.#reply.settle(outcome);
  }

  #upstream(): string {
    return this.#connection?.upstream ?? '';
  }

  /** The name that clients know. */
  #shownAs(): string {
    return this.#dependencies.upstreams.groupOf(this.#upstream());
  }

  #leadsTo(route: Route | GatewayError, upstream: string): boolean {
    const { upstreams } = this.#dependencies;
    const server = upstreams.groupOf(upstream);
    return (
      !(route instanceof GatewayError) && route.upstreams.some((one) => upstreams.groupOf(one) === server)
    );
  }

  #isAcrossEras(): boolean {
    return this.#connection?.era !== this.#context.client.era;
  }

  #forwardedHeaders({ upstream }: UpstreamConnection): HeaderList {
    const { message, forwardable } = this.#context;
    const names = forwardable === undefined ? undefined : this.#dependencies.forwards(upstream);
    return forwardedHeadersOf(message, forwardable, names);
  }
}

function movedCall(): GatewayError {
  return new GatewayError(
    'OMNI_STATE_INVALID',
    'The call waits at a server to which its name does not lead any more',
  );
}
