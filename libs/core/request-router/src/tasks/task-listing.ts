import {
  memberOf,
  parseMessage,
  rawOf,
  requestText,
  resultText,
  type RpcMessage,
  scanJson,
  TRUSTED_LIMITS,
  withId,
} from '@omni/jsonrpc';
import type { Answer, CallContext, ReplySink, RunningCall } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { AwaitedReply } from '../awaited-reply.ts';
import { NOWHERE } from '../call/route.ts';
import { CallExecution } from '../execution/call-execution.ts';
import type { ExecutionDependencies } from '../execution/execution-dependencies.ts';

/** Of one server; a list that goes on for ever ends. */
const MAX_PAGES = 100;
const NO_SUCH_METHOD = '-32601';

/** What ends the listing in place of the list. */
class Failed extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('a server gave no list of tasks');
    this.answer = answer;
  }
}

/**
 * One `tasks/list` at the endpoint of all servers: the pages of each, joined.
 *
 * It is whole or fails: a task that is not listed looks lost, and its client would start it again. Only
 * servers are asked at which the principal is known to have tasks, so that no other can spoil it.
 *
 * @see MCP 2025-11-25, basic/utilities/tasks, "Listing Tasks".
 */
export class TaskListing implements RunningCall {
  readonly #dependencies: ExecutionDependencies;
  readonly #context: CallContext;
  readonly #reply: ReplySink;
  readonly #ending = new AbortController();

  constructor(dependencies: ExecutionDependencies, context: CallContext, reply: ReplySink) {
    this.#dependencies = dependencies;
    this.#context = context;
    this.#reply = reply;
  }

  /** @param upstreams - Those whose tasks the view of the client shows. */
  start(upstreams: readonly string[]): void {
    const { client, message } = this.#context;
    // Lists are handed out whole, without cursors.
    const cursor = rawOf(message, memberOf(message.params, 'cursor')) ?? 'null';
    if (cursor !== 'null' && cursor !== '""') {
      const error = new GatewayError('OMNI_CURSOR_INVALID', 'The cursor was not issued by this endpoint');
      return this.#reply.settle({ kind: 'error', error });
    }
    const withTasks = this.#dependencies.tasks.upstreamsOf(client.principal.id);
    const { upstreams: access } = this.#dependencies;
    const asked = upstreams.flatMap((name) => access.membersOf(name).filter((one) => withTasks.has(one)));
    Promise.all(asked.map((name) => this.#tasksAt(name))).then(
      (lists) => {
        const result = `{"tasks":[${lists.flat().join(',')}]}`;
        this.#reply.settle({ kind: 'message', payload: resultText(message.id, result), status: 200 });
      },
      (error: unknown) => {
        this.#ending.abort();
        this.#reply.settle(
          error instanceof Failed ? error.answer : { kind: 'error', error: GatewayError.from(error) },
        );
      },
    );
  }

  /** Whoever cancels it settles it. */
  cancel(reason?: string): void {
    this.#ending.abort(new GatewayError('OMNI_CANCELLED', reason ?? 'The request was cancelled'));
  }

  /** @returns The principal's tasks at a server, each as JSON. */
  async #tasksAt(upstream: string): Promise<readonly string[]> {
    const tasks: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.#page(upstream, cursor);
      if (answer === undefined) return tasks;
      const { result } = answer;
      tasks.push(...itemsIn(rawOf(answer, memberOf(result?.object, 'tasks')) ?? '[]'));
      cursor = rawOf(answer, memberOf(result?.object, 'nextCursor'));
      if (cursor === undefined || cursor === 'null') return tasks;
    }
    throw new GatewayError(
      'OMNI_UPSTREAM_PROTOCOL',
      `"${upstream}" lists its tasks on more than ${MAX_PAGES} pages`,
    );
  }

  /** @returns `undefined` where the server has no list: it has changed, or speaks the other era. */
  async #page(upstream: string, cursor: string | undefined): Promise<RpcMessage | undefined> {
    const { client, forwardable, message } = this.#context;
    const text = requestText('1', message.method, cursor === undefined ? '' : `{"cursor":${cursor}}`);
    const { signal } = this.#ending;
    signal.throwIfAborted();
    const reply = new AwaitedReply(signal);
    const context = { message: messageIn(text), client, paramHeaders: undefined, forwardable };
    const execution = new CallExecution(this.#dependencies, context, reply);
    reply.awaits(execution);
    execution.start({ ...NOWHERE, upstreams: [upstream], task: { kind: 'list' } });
    const answer = await reply.answer;
    if (answer.kind === 'error') {
      if (answer.error.code === 'OMNI_METHOD_UNKNOWN') return undefined;
      throw new Failed(answer);
    }
    const { payload, errorCode } = answer;
    if (errorCode === NO_SUCH_METHOD) return undefined;
    const page = messageIn(typeof payload === 'string' ? payload : new TextDecoder().decode(payload));
    if (errorCode !== undefined) throw new Failed({ ...answer, payload: withId(page, message.id) });
    return page;
  }
}

/** Of what Omni has written, or has read and checked. */
function messageIn(text: string): RpcMessage {
  const message = parseMessage(text, TRUSTED_LIMITS);
  if (message.kind === 'batch' || message.kind === 'rejected')
    throw new GatewayError('OMNI_INTERNAL', 'A list of tasks could not be read');
  return message;
}

function itemsIn(list: string): readonly string[] {
  const scan = scanJson(list, TRUSTED_LIMITS);
  return scan.kind === 'array' ? scan.items.map(({ start, end }) => list.slice(start, end)) : [];
}
