import { applyEdits, memberOf, type RpcMessage } from '@omni/jsonrpc';
import {
  callerKeyOf,
  type CallHandler,
  type ClientContext,
  internalCall,
  type RunningCall,
  serverOf,
  type UpstreamCall,
  LISTEN,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { ElicitationLabels } from '../call/elicitation-labels.ts';
import type { UpstreamAccess } from '../call/upstream-access.ts';
import type { TaskIds } from './task-ids.ts';
import { edited, renamed, taskIn } from './task-places.ts';
import { declaresTasks } from './task-relay.ts';

const TASK_NOTICE = 'notifications/tasks';

export interface TaskWatchOptions {
  readonly ids: TaskIds;
  readonly upstreams: UpstreamAccess;
  readonly labels: ElicitationLabels;
  /** The client's `subscriptions/listen`. */
  readonly message: RpcMessage;
  readonly client: ClientContext;
  /** Sealed ids, each once. */
  readonly taskIds: readonly string[];
  /** Called once, with those of the ids that are the client's; nothing is told before. */
  readonly onOpen: (taskIds: readonly string[]) => void;
  readonly onTaskNotification: (taskId: string, message: RpcMessage) => void;
}

/**
 * Listens to tasks for one client of the modern era: with one subscription to each server that has some of
 * them. When a server ends it, the client learns of its tasks by asking.
 *
 * @see io.modelcontextprotocol/tasks, "Notifications".
 */
export class TaskWatch {
  readonly #options: TaskWatchOptions;
  /** The upstreams' ids of the tasks and the client's. */
  readonly #byUpstream = new Map<string, Map<string, string>>();
  readonly #running: RunningCall[] = [];
  #unopened: number;
  #isClosed = false;

  constructor(options: TaskWatchOptions) {
    this.#options = options;
    this.#unopened = options.taskIds.length;
  }

  open(): void {
    const { ids, client, taskIds, upstreams } = this.#options;
    for (const sealed of taskIds) {
      ids.open(sealed, client, (task) => {
        const shownAs = task === undefined ? '' : upstreams.groupOf(task.upstream);
        if (task !== undefined && (serverOf(client.endpoint) ?? shownAs) === shownAs)
          this.#add(task.upstream, task.id, sealed);
        if (--this.#unopened === 0 && !this.#isClosed) this.#start();
      });
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const running of this.#running.splice(0)) running.cancel();
  }

  #add(upstream: string, id: string, sealed: string): void {
    if (!declaresTasks(this.#options.client)) return;
    const own = this.#byUpstream.get(upstream) ?? new Map<string, string>();
    this.#byUpstream.set(upstream, own.set(id, sealed));
  }

  #start(): void {
    const { upstreams, client, onOpen } = this.#options;
    onOpen([...this.#byUpstream.values()].flatMap((own) => [...own.values()]));
    for (const [upstream, own] of this.#byUpstream) {
      upstreams.connectionFor(upstream, client, (connection) => {
        if (this.#isClosed || connection instanceof GatewayError || connection.era !== 'modern') return;
        this.#running.push(
          connection.send(this.#listenTo([...own.keys()]), this.#listenerFor(upstream, own)),
        );
      });
    }
  }

  /** Omni's own, for one client. */
  #listenTo(ids: readonly string[]): UpstreamCall {
    const { message, client } = this.#options;
    const { params, text } = message;
    const filter = memberOf(params, 'notifications');
    const edits =
      filter === undefined
        ? []
        : [{ start: filter.start, end: filter.end, text: JSON.stringify({ taskIds: ids }) }];
    const sent = params === undefined ? '' : applyEdits(text, edits, params.start, params.end);
    return {
      ...internalCall(LISTEN, sent),
      clientId: message.id,
      callerKey: callerKeyOf(client),
      caller: client.principal,
    };
  }

  #listenerFor(upstream: string, own: ReadonlyMap<string, string>): CallHandler {
    const { labels, client, onTaskNotification, upstreams } = this.#options;
    return {
      onNotification: (message) => {
        const place = message.method === TASK_NOTICE ? taskIn(message.text, message.params) : undefined;
        const sealed = place === undefined ? undefined : own.get(place.id);
        if (place === undefined || sealed === undefined || this.#isClosed) return true;
        const notification = edited(message, renamed([place], place.id, sealed));
        if (!(notification instanceof GatewayError))
          onTaskNotification(sealed, labels.inTaskNotice(notification, upstreams.groupOf(upstream), client));
        return true;
      },
      onDrain: (listener) => listener(),
      onServerRequest: (_message, answer) =>
        answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'Servers send no requests in this era')),
      onAnswer() {},
      onFailure() {},
    };
  }
}
