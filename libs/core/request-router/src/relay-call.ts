import { GatewayError, type HeaderList } from '@omni/ports';
import {
  askerOf,
  memberOf,
  metaOf,
  passedHeadersOf,
  rawOf,
  withId,
  type AnswerServerRequest,
  type CallListener,
  type GatewayRequest,
  type PieceSink,
  type ReplySink,
  type RpcMessage,
  type RunningCall,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamLink,
} from '@omni/wire';
import type { AskerNames } from './asker-names.ts';
import { isNotHere, statusOfAnswer } from './bridge/bridge-answer.ts';
import type { Bridge } from './bridge/bridge.ts';
import type { ReturnedState } from './bridge/returning-call.ts';
import { isAboutCall } from './call-notice.ts';
import type { UpstreamAccess } from './collaborators.ts';
import { LinkSpotter } from './link-spotter.ts';
import { logLevelOf } from './log-levels.ts';
import { resourceLinksIn } from './resource-links.ts';
import type { RoutePlan } from './route-plan.ts';
import { namesTasks, noTaskList, unknownTask, type TaskRelay } from './tasks/task-relay.ts';

export interface RelayCallOptions {
  readonly request: GatewayRequest;
  readonly plan: RoutePlan;
  readonly access: UpstreamAccess;
  readonly bridge: Bridge;
  readonly tasks: TaskRelay;
  readonly askers: AskerNames;
  /** Headers of the client that an upstream is told, see `RequestRouterOptions`. */
  readonly forwards: (upstream: string) => readonly string[] | undefined;
  readonly reply: ReplySink;
  /** See `Crossing`. */
  readonly state?: ReturnedState | undefined;
}

/** One request on its way to an upstream and back. Within an era it is carried as it is; the bridge takes it across. */
export class RelayCall implements CallListener, RunningCall {
  readonly #request: GatewayRequest;
  readonly #plan: RoutePlan;
  readonly #access: UpstreamAccess;
  readonly #bridge: Bridge;
  readonly #tasks: TaskRelay;
  readonly #askers: AskerNames;
  readonly #forwards: RelayCallOptions['forwards'];
  readonly #reply: ReplySink;
  readonly #state: ReturnedState | undefined;
  #attempt = 0;
  #link: UpstreamLink | undefined;
  #running: RunningCall | undefined;
  #isOver = false;
  #isTask = false;

  constructor({ request, plan, access, bridge, tasks, askers, forwards, reply, state }: RelayCallOptions) {
    this.#request = request;
    this.#plan = plan;
    this.#access = access;
    this.#bridge = bridge;
    this.#tasks = tasks;
    this.#askers = askers;
    this.#forwards = forwards;
    this.#reply = reply;
    this.#state = state;
  }

  /** Long answers go on while they come, where nothing in them has to be changed. */
  get pieces(): PieceSink | undefined {
    const { pieces } = this.#reply;
    const { onLinks } = this.#plan;
    return pieces === undefined || onLinks === undefined ? pieces : new LinkSpotter(pieces, (uris) => onLinks(this.#upstream(), uris));
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
    if (!isAboutCall(message, this.#request.message) || this.#isUnwantedLog(message)) return true;
    // A task goes on after the answer that tells of it.
    if (this.#isTask) this.#request.client.session?.onNotification(this.#upstream(), message);
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
    if (client.era === 'legacy' && !this.#isOver) {
      this.#tasks.incoming(upstream, client.principal.id, message, (translated) =>
        this.#reply.serverRequest(upstream, this.#askers.inRequest(translated, upstream, client), answer, signal),
      );
    } else answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'The client of this request cannot be asked in this way'));
  }

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#isOver) return;
    if (answer.kind === 'message' && !this.#isLastAttempt() && isNotHere(answer.message)) return this.#startNext();
    if (answer.kind === 'bytes') {
      this.#isOver = true;
      this.#plan.onLinks?.(this.#upstream(), resourceLinksIn(new TextDecoder().decode(answer.bytes)));
      this.#reply.answer({ kind: 'message', payload: answer.bytes, status: answer.status });
      return;
    }
    const { task } = this.#plan;
    if (task === undefined || this.#link === undefined || !namesTasks(task, this.#link)) return this.#answer(answer.message, answer.status);
    this.#tasks.answer({ role: task, client: this.#request.client, link: this.#link }, answer.message, (message) => {
      if (message instanceof GatewayError) return this.onFailure(message);
      this.#isTask = task.kind === 'starting' && message !== answer.message && !this.#isOver;
      this.#answer(message, answer.status);
    });
  }

  onFailure(error: GatewayError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reply.answer({ kind: 'error', error });
  }

  /** @param sentStatus - With which the upstream has answered. */
  #answer(received: RpcMessage, sentStatus: number): void {
    if (this.#isOver) return; // cancelled while the id of a task was sealed
    this.#isOver = true;
    const message = this.#askers.inAnswer(received, this.#upstream(), this.#request.client);
    if (message.result !== undefined) this.#plan.onLinks?.(this.#upstream(), resourceLinksIn(rawOf(message, message.result) ?? ''));
    const status = sentStatus === 200 ? statusOfAnswer(message) : sentStatus;
    this.#reply.answer({ kind: 'message', payload: withId(message, this.#request.message.id), status });
  }

  #upstream(): string {
    return this.#link?.upstream ?? '';
  }

  #send(link: UpstreamLink): void {
    if (this.#isOver) return;
    const attempt = this.#attempt;
    const running = link.send(this.#callFor(link), this);
    // The link may have answered at once; then there is nothing left to cancel, or it is the next one's call that runs.
    if (!this.#isOver && this.#attempt === attempt) this.#running = running;
  }

  #cross(link: UpstreamLink): void {
    const { task } = this.#plan;
    if (task !== undefined && task.kind !== 'starting') return this.onFailure(task.kind === 'list' ? noTaskList() : unknownTask());
    // Several servers may have the resource: a "not found" of one is no answer yet.
    const onNotHere = this.#isLastAttempt() ? undefined : (): void => (this.#isOver ? undefined : this.#startNext());
    const attempt = this.#attempt;
    const running = this.#bridge.start({
      request: this.#request,
      plan: this.#plan,
      link,
      passedHeaders: this.#passedHeaders(link),
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

  #passedHeaders({ upstream }: UpstreamLink): HeaderList {
    const { message, forwardable } = this.#request;
    return passedHeadersOf(message, forwardable, forwardable === undefined ? undefined : this.#forwards(upstream));
  }

  #callFor(link: UpstreamLink): UpstreamCall {
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
      passedHeaders: this.#passedHeaders(link),
      clientId: message.id,
      asker: askerOf(client),
      mayPassBytes: this.#isLastAttempt() && !this.#askers.mayAsk(this.#request) && (task === undefined || !namesTasks(task, link)),
    };
  }
}
