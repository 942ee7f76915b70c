import {
  applyEdits,
  type JsonMember,
  memberOf,
  objectIn,
  type RpcMessage,
  scanJson,
  type TextEdit,
  TRUSTED_LIMITS,
} from '@omni/jsonrpc';
import type { ClientContext, UpstreamConnection } from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { TaskRole } from '../call/route.ts';
import type { TaskIds } from './task-ids.ts';
import { edited, relatedTaskIn, renamed, startedTaskIn, taskIn } from './task-places.ts';

/** What declares that tasks are spoken in the modern era. */
const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

const ABOUT_TASK = /^notifications\/tasks(?:\/|$)/;
const TASK_RESULT = 'tasks/result';

/** A request that has to do with tasks, on its way back. */
export interface TaskRequest {
  readonly role: TaskRole;
  readonly client: ClientContext;
  /** That it was sent on; of the client's era. */
  readonly connection: UpstreamConnection;
}

/** Whether answers of this connection to requests of this role name tasks; others can go on unread. */
export function namesTasks(role: TaskRole, connection: UpstreamConnection): boolean {
  // A legacy request says by a parameter that it wants to be one, in the modern era the server decides.
  return (
    role.kind !== 'starting' ||
    connection.era === 'legacy' ||
    connection.handshake.text.includes(`"${TASKS_EXTENSION}"`)
  );
}

/** Whether a client of the modern era speaks of tasks. */
export function declaresTasks({ capabilities }: Pick<ClientContext, 'capabilities'>): boolean {
  return capabilities.includes(`"${TASKS_EXTENSION}"`);
}

/**
 * @see MCP 2026-07-28, extension `io.modelcontextprotocol/tasks`: who has not declared it is refused with
 * −32021.
 */
export function undeclaredTasks(method: string): GatewayError {
  return new GatewayError(
    'OMNI_CAPABILITY_MISSING',
    `${method} needs the extension ${TASKS_EXTENSION}, which the request does not declare`,
    {
      data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    },
  );
}

/** Nobody learns whether the task is somebody else's or does not exist. */
export function unknownTask(): GatewayError {
  return new GatewayError('OMNI_NAME_UNKNOWN', 'You have no task with this id', {
    hint: 'A task belongs to who has started it through this Omni.',
  });
}

/** The eras do not see the tasks of each other: their methods and results do not fit. */
export function noTaskList(): GatewayError {
  return new GatewayError(
    'OMNI_METHOD_UNKNOWN',
    'This server keeps no tasks for clients of your protocol revision',
  );
}

/**
 * Puts the ids of tasks into the client's terms, in everything that comes from upstreams of the client's era.
 */
export class TaskRelay {
  readonly #ids: TaskIds;

  constructor(ids: TaskIds) {
    this.#ids = ids;
  }

  /** @param done - Called at once unless an id has to be sealed. */
  answer(request: TaskRequest, message: RpcMessage, done: (answer: RpcMessage | GatewayError) => void): void {
    const result = message.result?.object;
    if (result === undefined) return done(message);
    const { role, client, connection } = request;
    const { upstream } = connection;
    connection.hearTasks?.((notification) => this.#toSession(upstream, notification));
    const related = relatedTaskIn(message.text, result);
    if (role.kind === 'list')
      return done(edited(message, this.#ownOnly(request, message, memberOf(result, 'tasks'))));
    if (role.kind === 'about') {
      const named = role.method === TASK_RESULT ? undefined : taskIn(message.text, result);
      return done(edited(message, renamed([named, related], role.id, role.sealed)));
    }
    const started = startedTaskIn(message.text, result, connection.era);
    if (started === undefined) return done(message);
    this.#ids.issue({ upstream, id: started.id }, client, (sealed) =>
      done(
        sealed instanceof GatewayError
          ? sealed
          : edited(message, renamed([started, related], started.id, sealed)),
      ),
    );
  }

  /**
   * A notification or request of an upstream, in the terms of a client of the principal.
   *
   * @param tell - Called at once, or when the id of a task that has just begun is sealed; not at all for a
   * notification about a task
   *   that is not the principal's.
   */
  incoming(
    upstream: string,
    principal: string,
    message: RpcMessage,
    tell: (message: RpcMessage) => void,
  ): void {
    const isAboutTask = ABOUT_TASK.test(message.method);
    const related = relatedTaskIn(message.text, message.params);
    const place = isAboutTask ? taskIn(message.text, message.params) : related;
    if (place === undefined) return isAboutTask ? undefined : tell(message);
    const { id } = place;
    const isKnown = this.#ids.whenKnown({ upstream, id }, principal, (sealed) => {
      const translated = edited(message, renamed(place === related ? [place] : [place, related], id, sealed));
      if (!(translated instanceof GatewayError)) tell(translated);
    });
    if (!isKnown && /* guard: task/told */ !isAboutTask) tell(message);
  }

  /** The upstreams at which a principal is known to have tasks. */
  upstreamsOf(principal: string): ReadonlySet<string> {
    return this.#ids.upstreamsOf(principal);
  }

  /** A notification about a task that came on a connection which clients share. */
  #toSession(upstream: string, notification: RpcMessage): void {
    const place = taskIn(notification.text, notification.params);
    const session = place === undefined ? undefined : this.#ids.sessionOf({ upstream, id: place.id });
    // It puts the notification into its client's terms, as any that belongs to no call.
    session?.onNotification(upstream, notification);
  }

  /** The edit that leaves the tasks of others out of a list; own ones stay byte for byte but for their id. */
  #ownOnly(
    { client, connection: { upstream } }: TaskRequest,
    { text }: RpcMessage,
    tasks: JsonMember | undefined,
  ): readonly TextEdit[] {
    if (tasks === undefined) return [];
    const list = text.slice(tasks.start, tasks.end);
    const scan = scanJson(list, TRUSTED_LIMITS);
    const items = scan.kind === 'array' ? scan.items.map(({ start, end }) => list.slice(start, end)) : [];
    const own = items.flatMap((item) => {
      const place = taskIn(item, objectIn(item));
      const sealed =
        place === undefined ? undefined : this.#ids.sealedOf({ upstream, id: place.id }, client.principal.id);
      // guard: task/list
      return place === undefined || sealed === undefined
        ? []
        : [applyEdits(item, renamed([place], place.id, sealed))];
    });
    return [{ start: tasks.start, end: tasks.end, text: `[${own.join(',')}]` }];
  }
}
