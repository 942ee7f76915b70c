import { memberOf, metaOf, rawOf, type RpcMessage, withId } from '@omni/jsonrpc';
import {
  type AnswerServerRequest,
  callerKeyOf,
  type CallHandler,
  type ChunkSink,
  forwardedHeadersOf,
  type CallContext,
  type ReplySink,
  type RunningCall,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import { GatewayError, type HeaderList } from '@omni/ports';
import type { ElicitationLabels } from '../call/elicitation-labels.ts';
import { isNotHere, statusOfAnswer } from '../bridge/bridge-answer.ts';
import type { Bridge } from '../bridge/bridge.ts';
import type { ReturnedState } from '../bridge/returning-call.ts';
import { isAboutCall } from '../call/call-notification.ts';
import type { UpstreamAccess } from '../call/upstream-access.ts';
import { ResourceLinkScanner } from './resource-link-scanner.ts';
import { logLevelOf } from '../log-levels/log-levels.ts';
import { resourceLinksIn } from '../call/resource-links.ts';
import type { RoutePlan } from '../call/route.ts';
import { namesTasks, noTaskList, unknownTask, type TaskRelay } from '../tasks/task-relay.ts';

export interface RelayCallOptions {
  readonly request: CallContext;
  readonly plan: RoutePlan;
  readonly access: UpstreamAccess;
  readonly bridge: Bridge;
  readonly tasks: TaskRelay;
  readonly labels: ElicitationLabels;
  /** Headers of the client that an upstream is told, see `RequestRouterOptions`. */
  readonly forwards: (upstream: string) => readonly string[] | undefined;
  readonly reply: ReplySink;
  /** See `BridgeContext`. */
  readonly state?: ReturnedState | undefined;
}

/** One request on its way to an upstream and back. Within an era it is carried as it is; the bridge takes it across. */
export class RelayCall implements CallHandler, RunningCall {
  readonly #request: CallContext;
  readonly #plan: RoutePlan;
  readonly #access: UpstreamAccess;
  readonly #bridge: Bridge;
  readonly #tasks: TaskRelay;
  readonly #labels: ElicitationLabels;
  readonly #forwards: RelayCallOptions['forwards'];
  readonly #reply: ReplySink;
  readonly #state: ReturnedState | undefined;
  #attempt = 0;
  #connection: UpstreamConnection | undefined;
  #running: RunningCall | undefined;
  #isOver = false;
  #isTask = false;

  constructor({ request, plan, access, bridge, tasks, labels, forwards, reply, state }: RelayCallOptions) {
    this.#request = request;
    this.#plan = plan;
    this.#access = access;
    this.#bridge = bridge;
    this.#tasks = tasks;
    this.#labels = labels;
    this.#forwards = forwards;
    this.#reply = reply;
    this.#state = state;
  }

  /** Long answers go on while they come, where nothing in them has to be changed. */
  get chunks(): ChunkSink | undefined {
    const { chunks } = this.#reply;
    const { onResourceLinks } = this.#plan;
    return chunks === undefined || onResourceLinks === undefined
      ? chunks
      : new ResourceLinkScanner(chunks, (uris) => onResourceLinks(this.#upstream(), uris));
  }

  start(): void {
    this.#access.connectionFor(
      this.#plan.upstreams[this.#attempt] ?? '',
      this.#request.client,
      (connection) => {
        if (this.#isOver) return;
        if (connection instanceof GatewayError)
          return this.#isLastAttempt() ? this.onFailure(connection) : this.#startNext();
        this.#connection = connection;
        if (connection.era !== this.#request.client.era) return this.#cross(connection);
        const { session } = this.#request.client;
        const level = connection.era === 'legacy' ? session?.logLevel() : undefined;
        if (level === undefined || session === undefined) this.#send(connection);
        else this.#bridge.levels.wantForSession(connection, session, level, () => this.#send(connection));
      },
    );
  }

  cancel(reason?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#running?.cancel(reason);
  }

  onNotification(message: RpcMessage): boolean {
    if (
      /* guard: call/relayed */ !isAboutCall(message, this.#request.message) ||
      /* guard: call/unwanted-logs */ this.#isUnwantedLog(message)
    )
      return true;
    // A task goes on after the answer that tells of it.
    if (this.#isTask) this.#request.client.session?.onNotification(this.#upstream(), message);
    // guard: route/behind-answer
    if (this.#isOver) return true;
    let mayGoOn = true;
    this.#tasks.incoming(this.#upstream(), this.#request.client.principal.id, message, (translated) => {
      mayGoOn = this.#reply.notification(translated);
    });
    return mayGoOn;
  }

  /** Modern clients ask for messages with each request, or get none (protocol.md 2.12). */
  #isUnwantedLog({ method }: RpcMessage): boolean {
    const { client, message } = this.#request;
    return method === 'notifications/message' && client.era === 'modern' && logLevelOf(message) === undefined;
  }

  onDrain(listener: () => void): void {
    this.#reply.onDrain(listener);
  }

  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void {
    const { client } = this.#request;
    const upstream = this.#upstream();
    if (client.era === 'legacy' && /* guard: route/question-after-cancel */ !this.#isOver) {
      this.#tasks.incoming(upstream, client.principal.id, message, (translated) =>
        this.#reply.serverRequest(
          upstream,
          this.#labels.inRequest(translated, upstream, client),
          answer,
          signal,
        ),
      );
    } else
      answer(
        new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request cannot be asked in this way'),
      );
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#isOver) return;
    if (
      answer.kind === 'message' &&
      !this.#isLastAttempt() &&
      /* guard: route/next-only-if-not-there */ isNotHere(answer.message)
    )
      return this.#startNext();
    if (answer.kind === 'bytes') {
      this.#isOver = true;
      this.#plan.onResourceLinks?.(this.#upstream(), resourceLinksIn(new TextDecoder().decode(answer.bytes)));
      this.#reply.settle({ kind: 'message', payload: answer.bytes, status: answer.status });
      return;
    }
    const { task } = this.#plan;
    if (task === undefined || this.#connection === undefined || !namesTasks(task, this.#connection))
      return this.#answer(answer.message, answer.status);
    this.#tasks.answer(
      { role: task, client: this.#request.client, connection: this.#connection },
      answer.message,
      (message) => {
        if (message instanceof GatewayError) return this.onFailure(message);
        this.#isTask = task.kind === 'starting' && message !== answer.message && !this.#isOver;
        this.#answer(message, answer.status);
      },
    );
  }

  onFailure(error: GatewayError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reply.settle({ kind: 'error', error });
  }

  /** @param sentStatus - With which the upstream has answered. */
  #answer(received: RpcMessage, sentStatus: number): void {
    if (this.#isOver) return; // cancelled while the id of a task was sealed
    this.#isOver = true;
    const message = this.#labels.inAnswer(received, this.#upstream(), this.#request.client);
    if (message.result !== undefined)
      this.#plan.onResourceLinks?.(this.#upstream(), resourceLinksIn(rawOf(message, message.result) ?? ''));
    const status = sentStatus === 200 ? statusOfAnswer(message) : sentStatus;
    this.#reply.settle({ kind: 'message', payload: withId(message, this.#request.message.id), status });
  }

  #upstream(): string {
    return this.#connection?.upstream ?? '';
  }

  #send(connection: UpstreamConnection): void {
    if (this.#isOver) return;
    const attempt = this.#attempt;
    const running = connection.send(this.#callFor(connection), this);
    // The connection may have answered at once; then there is nothing left to cancel, or it is the next one's call that runs.
    if (!this.#isOver && this.#attempt === attempt) this.#running = running;
  }

  #cross(connection: UpstreamConnection): void {
    const { task } = this.#plan;
    if (task !== undefined && task.kind !== 'starting')
      return this.onFailure(task.kind === 'list' ? noTaskList() : unknownTask());
    // Several servers may have the resource: a "not found" of one is no answer yet.
    const onNotHere = this.#isLastAttempt()
      ? undefined
      : (): void => (this.#isOver ? undefined : this.#startNext());
    const attempt = this.#attempt;
    const running = this.#bridge.start({
      request: this.#request,
      plan: this.#plan,
      connection,
      forwardedHeaders: this.#forwardedHeaders(connection),
      reply: this.#reply,
      state: this.#state,
      onNotHere,
    });
    if (this.#attempt === attempt) this.#running = running;
  }

  #startNext(): void {
    this.#attempt++;
    this.start();
  }

  #isLastAttempt(): boolean {
    return this.#attempt + 1 >= this.#plan.upstreams.length;
  }

  #forwardedHeaders({ upstream }: UpstreamConnection): HeaderList {
    const { message, forwardable } = this.#request;
    return forwardedHeadersOf(
      message,
      forwardable,
      forwardable === undefined ? undefined : this.#forwards(upstream),
    );
  }

  #callFor(connection: UpstreamConnection): UpstreamCall {
    const { message, client } = this.#request;
    const { edits, name, paramHeaders, task } = this.#plan;
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
      forwardedHeaders: this.#forwardedHeaders(connection),
      clientId: message.id,
      callerKey: callerKeyOf(client),
      allowPassthrough:
        this.#isLastAttempt() &&
        !this.#labels.mayAsk(this.#request) &&
        (task === undefined || !namesTasks(task, connection)),
    };
  }
}
