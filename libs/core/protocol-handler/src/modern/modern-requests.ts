import {
  type CatalogueViews,
  type ClientContext,
  type Dialects,
  NOTHING_RUNS,
  type RunningCall,
} from '@omni/model';
import type { Dispatch, Identity } from '../collaborators.ts';
import type { ClientRequest, RequestServer } from '../request/client-request.ts';
import type { ListAnswers } from '../request/list-answers.ts';
import { isRouted, listKindOf, unknownMethod } from '../request/methods.ts';
import { unservedBy } from '../request/unserved-endpoint.ts';
import { withTasks } from './declared-tasks.ts';
import type { ListenHub } from './listen-hub.ts';

/** How long a client may rely on what `server/discover` says, in milliseconds. */
const DISCOVER_TTL_MS = 60_000;

/**
 * Methods of the legacy era that the modern one removed: they do not exist here, whatever a server would say.
 */
const REMOVED = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
  'tasks/result',
  'tasks/list',
]);

export interface ModernRequestsOptions {
  readonly views: CatalogueViews;
  readonly dispatch: Dispatch;
  readonly lists: ListAnswers;
  readonly listens: ListenHub;
  readonly identity: Identity;
  readonly dialects: Dialects;
}

/** Answers requests of the modern era, each of which stands alone. */
export class ModernRequests implements RequestServer {
  readonly #views: CatalogueViews;
  readonly #dispatch: Dispatch;
  readonly #lists: ListAnswers;
  readonly #listens: ListenHub;
  readonly #identity: Identity;
  readonly #dialects: Dialects;

  constructor({ views, dispatch, lists, listens, identity, dialects }: ModernRequestsOptions) {
    this.#dialects = dialects;
    this.#views = views;
    this.#dispatch = dispatch;
    this.#lists = lists;
    this.#listens = listens;
    this.#identity = identity;
  }

  /** @param request - Its envelope and headers are already checked. */
  serve(request: ClientRequest): RunningCall {
    const { client } = request;
    const { method } = request.message;
    if (isRouted(method)) return this.#dispatch.dispatch(request, request);
    const kind = listKindOf(method);
    if (kind !== undefined) return this.#lists.answer(kind, request);
    switch (method) {
      case 'server/discover': {
        const unserved = unservedBy(this.#views, client.endpoint);
        if (unserved === undefined) request.result(this.#discover(client));
        else request.fail(unserved);
        return NOTHING_RUNS;
      }
      case 'subscriptions/listen':
        return this.#listens.open(request);
      default:
        if (
          /* guard: request/removed-methods */ !REMOVED.has(method) &&
          this.#dispatch.carries(method, client.endpoint)
        )
          return this.#dispatch.dispatch(request, request);
        request.fail(unknownMethod(method));
        return NOTHING_RUNS;
    }
  }

  #discover(client: ClientContext): string {
    const { capabilities, instructions } = this.#views.of(client);
    const makesTasks = this.#dispatch.makesTasks(client.endpoint);
    return [
      `{"resultType":"complete","supportedVersions":${JSON.stringify(this.#dialects.supported)}`,
      `"capabilities":${makesTasks ? withTasks(capabilities) : capabilities}`,
      ...(instructions === undefined ? [] : [`"instructions":${JSON.stringify(instructions)}`]),
      `"ttlMs":${DISCOVER_TTL_MS},"cacheScope":"private"`,
      `"_meta":{"io.modelcontextprotocol/serverInfo":${JSON.stringify(this.#identity)}}}`,
    ].join(',');
  }
}
