import {
  applyEdits,
  type JsonObject,
  memberOf,
  metaOf,
  notificationText,
  type RpcMessage,
  scanJson,
  setMember,
  stringAt,
} from '@omni/jsonrpc';
import {
  type CatalogueViews,
  isSameEndpoint,
  META_SUBSCRIPTION,
  NOTHING_RUNS,
  type RpcNotification,
  type RunningCall,
  type ViewChange,
} from '@omni/model';
import { type Clock, FairPlaces, GatewayError, type Share } from '@omni/ports';
import type { Dispatch, ResourceUpdates } from '../collaborators.ts';
import type { ClientRequest } from '../request/client-request.ts';

const MAX_LISTENS = 1000;
const MAX_URIS = 1000;
const MAX_TASKS = 100;
const FILTER_LIMITS = { maxDepth: 8, maxElements: 10_000 };

/**
 * A server that has not said by then whether it takes a subscription is believed to: clients wait for the
 * acknowledgement.
 */
const SUBSCRIBE_WAIT_MS = 700;

const CHANGE_FLAGS = [
  { kind: 'tools', flag: 'toolsListChanged', method: 'notifications/tools/list_changed' },
  { kind: 'prompts', flag: 'promptsListChanged', method: 'notifications/prompts/list_changed' },
  { kind: 'resources', flag: 'resourcesListChanged', method: 'notifications/resources/list_changed' },
] as const;

interface Listen {
  readonly request: ClientRequest;
  readonly kinds: ReadonlySet<string>;
  readonly releases: (() => void)[];
  /**
   * Before the acknowledgement, and while the client reads slowly, the last notification of each subject is
   * kept. There are only the subjects that were asked for.
   */
  held: Map<string, RpcNotification> | undefined;
  readonly share: Share;
  isAcknowledged: boolean;
  isClosed: boolean;
}

interface Filter {
  readonly kinds: ReadonlySet<string>;
  readonly uris: readonly string[];
  readonly taskIds: readonly string[];
}

export interface ListenHubOptions {
  readonly views: CatalogueViews;
  readonly updates: ResourceUpdates;
  readonly dispatch: Pick<Dispatch, 'watchTasks'>;
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>;
}

/**
 * The open `subscriptions/listen` requests of all clients.
 *
 * @see MCP 2026-07-28, basic/subscriptions: acknowledgement first, only what was asked for, each notification
 * with the id of its listen.
 */
export class ListenHub {
  readonly #options: ListenHubOptions;
  readonly #listens = new Set<Listen>();
  readonly #places: FairPlaces;
  readonly #stopWatching: () => void;

  constructor(options: ListenHubOptions) {
    this.#options = options;
    this.#places = new FairPlaces({
      capacity: MAX_LISTENS,
      what: 'subscriptions/listen open',
      clock: options.clock,
    });
    this.#stopWatching = options.views.onChange((change) => this.#announce(change));
  }

  get size(): number {
    return this.#listens.size;
  }

  open(request: ClientRequest): RunningCall {
    const filter = readFilter(request.message);
    if (filter instanceof GatewayError) return failureOf(request, filter);
    const share = this.#places.take(request.client.principal);
    // guard: listen/count
    if (share instanceof GatewayError) return failureOf(request, share);
    const listen: Listen = {
      request,
      kinds: filter.kinds,
      releases: [],
      held: undefined,
      share,
      isAcknowledged: false,
      isClosed: false,
    };
    this.#listens.add(listen);
    if (filter.uris.length === 0 && filter.taskIds.length === 0) this.#acknowledge(listen, [], []);
    else this.#begin(listen, filter);
    return { cancel: () => this.#close(listen) };
  }

  /** Ends every listen with its graceful result. */
  stop(): void {
    this.#stopWatching();
    for (const listen of [...this.#listens]) {
      this.#close(listen);
      if (listen.isAcknowledged)
        for (const notification of listen.held?.values() ?? []) listen.request.notification(notification);
      listen.request.result(`{"resultType":"complete",${subscriptionMeta(listen)}}`);
    }
  }

  /**
   * The acknowledgement tells what is honoured, so it waits until that is known. What comes before is kept.
   */
  #begin(listen: Listen, filter: Filter): void {
    listen.held = new Map();
    let watched: readonly string[] = [];
    let owned: readonly string[] = [];
    let open = 2;
    const onKnown = (): void => {
      open--;
      if (open === 0) this.#acknowledge(listen, watched, owned);
    };
    this.#watchResources(listen, filter.uris, (uris) => {
      watched = uris;
      onKnown();
    });
    this.#watchTasks(listen, filter.taskIds, (taskIds) => {
      owned = taskIds;
      onKnown();
    });
  }

  /**
   * @param onKnown - Called once, with the URIs that no server has refused; one that does not say so soon
   * counts among them.
   */
  #watchResources(
    listen: Listen,
    asked: readonly string[],
    onKnown: (uris: readonly string[]) => void,
  ): void {
    if (asked.length === 0) return onKnown([]);
    const { views, updates, clock } = this.#options;
    const begin = listen.request.later(() => {
      if (listen.isClosed) return;
      const view = views.of(listen.request.client);
      const honoured = new Set(
        asked
          // guard: listen/known
          .filter((uri) => view.allowsWatch(uri)),
      );
      let open: number | undefined = honoured.size + 1;
      const tell = (): void => {
        open = undefined;
        cancelTimer();
        onKnown([...honoured]);
      };
      const cancelTimer = clock.after(SUBSCRIBE_WAIT_MS, tell);
      const settle = (): void => {
        if (open === undefined) return;
        open--;
        if (open === 0) tell();
      };
      for (const uri of [...honoured]) {
        const onUpdated = (update: RpcMessage): void => this.#forward(listen, uri, update);
        updates.subscribe(listen.request.client, uri, onUpdated, (release) => {
          // Of a refusal that comes late the client learns by reading.
          if (release instanceof GatewayError) honoured.delete(uri);
          else if (listen.isClosed) release();
          else listen.releases.push(release);
          settle();
        });
      }
      settle();
    });
    const withdraw = views.whenKnown(listen.request.client, 'list', begin);
    if (!listen.isClosed) listen.releases.push(withdraw);
  }

  /** @param onKnown - Called once, with those that are the client's. */
  #watchTasks(
    listen: Listen,
    taskIds: readonly string[],
    onKnown: (taskIds: readonly string[]) => void,
  ): void {
    if (taskIds.length === 0) return onKnown([]);
    const release = this.#options.dispatch.watchTasks({
      message: listen.request.message,
      client: listen.request.client,
      taskIds,
      onOpen: onKnown,
      onTaskNotification: (taskId, notification) => this.#forward(listen, `task ${taskId}`, notification),
    });
    if (listen.isClosed) release();
    else listen.releases.push(release);
  }

  #acknowledge(listen: Listen, uris: readonly string[], taskIds: readonly string[]): void {
    const { held } = listen;
    listen.held = undefined;
    if (listen.isClosed) return;
    listen.isAcknowledged = true;
    const honoured = {
      ...Object.fromEntries(
        CHANGE_FLAGS.filter(({ kind }) => listen.kinds.has(kind)).map(({ flag }) => [flag, true]),
      ),
      ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
      ...(taskIds.length > 0 ? { taskIds } : {}),
    };
    this.#notify(
      listen,
      'notifications/subscriptions/acknowledged',
      `,"notifications":${JSON.stringify(honoured)}`,
    );
    for (const [subject, notification] of held ?? []) this.#send(listen, subject, notification);
  }

  #close(listen: Listen): void {
    if (listen.isClosed) return;
    listen.isClosed = true;
    this.#listens.delete(listen);
    this.#places.leave(listen.share);
    // guard: listen/release
    for (const release of listen.releases) release();
  }

  #announce(change: ViewChange): void {
    for (const listen of this.#listens) {
      if (
        /* guard: listen/scope */ !isSameEndpoint(listen.request.client.endpoint, change.endpoint) ||
        !change.isFor(listen.request.client)
      )
        continue;
      for (const { kind, method } of CHANGE_FLAGS) {
        if (change.kinds.has(kind) && /* guard: listen/asked-for */ listen.kinds.has(kind))
          this.#notify(listen, method);
      }
    }
  }

  #forward(listen: Listen, subject: string, update: RpcMessage): void {
    if (listen.isClosed || update.params === undefined) return;
    const meta = metaOf(update);
    const edit =
      meta === undefined
        ? setMember(update.params, '_meta', `{${JSON.stringify(META_SUBSCRIPTION)}:${idOf(listen)}}`)
        : setMember(meta, META_SUBSCRIPTION, idOf(listen));
    this.#send(listen, subject, {
      method: update.method,
      text: applyEdits(update.text, [edit]),
      params: undefined,
    });
  }

  /** @param moreParams - JSON of further members of `params`, each with a comma before it. */
  #notify(listen: Listen, method: string, moreParams = ''): void {
    this.#send(listen, method, {
      method,
      text: notificationText(method, `{${subscriptionMeta(listen)}${moreParams}}`),
      params: undefined,
    });
  }

  #send(listen: Listen, subject: string, notification: RpcNotification): void {
    if (listen.held !== undefined) {
      listen.held.set(subject, notification);
      return;
    }
    if (/* guard: listen/slow-reader */ listen.request.notification(notification)) return;
    listen.held = new Map();
    listen.request.onDrain(() => this.#goOn(listen));
  }

  #goOn(listen: Listen): void {
    const held = listen.held;
    listen.held = undefined;
    if (listen.isClosed) return;
    for (const [subject, notification] of held ?? []) this.#send(listen, subject, notification);
  }
}

function idOf({ request }: Listen): string {
  return request.message.id;
}

function failureOf(request: ClientRequest, error: GatewayError): RunningCall {
  request.fail(error);
  return NOTHING_RUNS;
}

function subscriptionMeta(listen: Listen): string {
  return `"_meta":{${JSON.stringify(META_SUBSCRIPTION)}:${idOf(listen)}}`;
}

function readFilter(message: RpcMessage): Filter | GatewayError {
  const member = memberOf(message.params, 'notifications');
  const text = member === undefined ? '' : message.text.slice(member.start, member.end);
  const scan = scanJson(text, FILTER_LIMITS);
  if (scan.kind !== 'object')
    return new GatewayError(
      'OMNI_PARAMS_INVALID',
      '"notifications" must be an object that names what to listen to',
    );
  const kinds = new Set<string>();
  for (const { kind, flag } of CHANGE_FLAGS) {
    const value = rawMember(text, scan.object, flag);
    if (value === 'true') kinds.add(kind);
    else if (value !== undefined && value !== 'false')
      return new GatewayError('OMNI_PARAMS_INVALID', `"notifications.${flag}" must be a boolean`);
  }
  const uris = readStrings(
    text,
    scan.object,
    'resourceSubscriptions',
    /* guard: listen/resources */ MAX_URIS,
  );
  if (uris instanceof GatewayError) return uris;
  const taskIds = readStrings(text, scan.object, 'taskIds', MAX_TASKS);
  return taskIds instanceof GatewayError ? taskIds : { kinds, uris, taskIds };
}

/** @returns Each once. */
function readStrings(
  text: string,
  filter: JsonObject,
  key: string,
  most: number,
): readonly string[] | GatewayError {
  const json = rawMember(text, filter, key);
  if (json === undefined) return [];
  const scan = scanJson(json, FILTER_LIMITS);
  const items = scan.kind === 'array' ? scan.items.map((item) => stringAt(json, item)) : undefined;
  const strings = items?.filter((item) => item !== undefined);
  if (items === undefined || strings === undefined || strings.length !== items.length) {
    return new GatewayError('OMNI_PARAMS_INVALID', `"notifications.${key}" must be an array of strings`);
  }
  if (strings.length > most)
    return new GatewayError('OMNI_PARAMS_INVALID', `"notifications.${key}" holds more than ${most} at once`);
  return [...new Set(strings)];
}

function rawMember(text: string, object: JsonObject, key: string): string | undefined {
  const member = memberOf(object, key);
  return member === undefined ? undefined : text.slice(member.start, member.end);
}
