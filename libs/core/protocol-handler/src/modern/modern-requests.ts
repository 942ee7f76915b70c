import { memberOf, rawOf, resultText, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallContext,
  type CatalogueViews,
  type ClientContext,
  type ListKind,
  NOTHING_RUNS,
  type RunningCall,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import type { Dispatch, Identity } from '../collaborators.ts';
import { EncodedLists } from './encoded-lists.ts';
import type { FrontReply } from '../front-reply.ts';
import type { ListenHub } from './listen-hub.ts';
import { SUPPORTED_VERSIONS } from '../protocol-versions.ts';

/** How long a client may rely on what `server/discover` says, in milliseconds. */
const DISCOVER_TTL_MS = 60_000;

/** Methods of the legacy era that the modern one removed: they do not exist here, whatever a server would say. */
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

const LISTS = new Map<string, ListKind>([
  ['tools/list', 'tools'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'templates'],
  ['prompts/list', 'prompts'],
]);

const ROUTED = new Set(['tools/call', 'prompts/get', 'resources/read', 'completion/complete']);

const ENCODER = new TextEncoder();
/** From this many characters on a list goes out as bytes that are kept. */
const LONG_LIST = 16_384;

/** Which list a method asks for. */
export function listKindOf(method: string): ListKind | undefined {
  return LISTS.get(method);
}

/** Whether a request of this method stays open until somebody ends it. Such requests have a limit of their own. */
export function isPersistent(method: string): boolean {
  return method === 'subscriptions/listen';
}

/** Whether the method is one that a server answers. */
export function isRouted(method: string): boolean {
  return ROUTED.has(method);
}

/**
 * Omni hands lists out whole, so it issues no cursors; the empty one stands for the beginning
 * (MCP 2026-07-28, server/utilities/pagination), and so does the null of clients that write what they do not have.
 */
export function checkCursor(message: RpcMessage): GatewayError | undefined {
  const cursor = rawOf(message, memberOf(message.params, 'cursor'));
  // guard: request/cursor
  if (cursor === undefined || cursor === 'null' || cursor === '""') return undefined;
  return new GatewayError('OMNI_CURSOR_INVALID', 'The cursor was not issued by this endpoint');
}

export interface ModernRequestsOptions {
  readonly views: CatalogueViews;
  readonly dispatch: Dispatch;
  readonly listens: ListenHub;
  readonly identity: Identity;
}

/** Answers requests of the modern era, each of which stands alone. */
export class ModernRequests {
  readonly #views: CatalogueViews;
  readonly #dispatch: Dispatch;
  readonly #listens: ListenHub;
  readonly #identity: Identity;
  readonly #lists = new EncodedLists();

  constructor({ views, dispatch, listens, identity }: ModernRequestsOptions) {
    this.#views = views;
    this.#dispatch = dispatch;
    this.#listens = listens;
    this.#identity = identity;
  }

  /**
   * Serves a request; never throws.
   *
   * @param request - Its envelope and headers are already checked.
   */
  serve(request: CallContext, reply: FrontReply): RunningCall {
    try {
      return this.#serve(request, reply);
    } catch (error) {
      reply.settle({ kind: 'error', error: GatewayError.from(error) });
      return NOTHING_RUNS;
    }
  }

  #serve(request: CallContext, reply: FrontReply): RunningCall {
    const { message, client } = request;
    if (ROUTED.has(message.method)) return this.#dispatch.route(request, reply);
    const kind = LISTS.get(message.method);
    if (kind !== undefined) return this.#list(kind, message, client, reply);
    switch (message.method) {
      case 'server/discover':
        this.#result(message, reply, this.#discover(client));
        return NOTHING_RUNS;
      case 'subscriptions/listen':
        return this.#listens.open(message, client, reply);
      default:
        if (
          /* guard: request/removed-methods */ !REMOVED.has(message.method) &&
          this.#dispatch.carries(message.method, client.endpoint)
        )
          return this.#dispatch.route(request, reply);
        reply.settle({
          kind: 'error',
          error: new GatewayError(
            'OMNI_METHOD_UNKNOWN',
            `Method ${JSON.stringify(
              message.method
                // guard: request/method-in-error
                .slice(0, 100),
            )} is not offered here`,
          ),
        });
        return NOTHING_RUNS;
    }
  }

  #list(kind: ListKind, message: RpcMessage, client: ClientContext, reply: FrontReply): RunningCall {
    const refused = checkCursor(message);
    if (refused !== undefined) reply.settle({ kind: 'error', error: refused });
    else
      this.#views.whenKnown(client, 'list', () =>
        this.#listed(message, reply, this.#views.of(client).list(kind)),
      );
    return NOTHING_RUNS;
  }

  #listed(message: RpcMessage, reply: FrontReply, list: string): void {
    const { chunks } = reply;
    if (chunks === undefined || list.length < LONG_LIST) return this.#result(message, reply, list);
    const head = ENCODER.encode(`{"jsonrpc":"2.0","id":${message.id},"result":`);
    const rest = this.#lists.endingWith(list);
    chunks.onResponseHead({
      status: 200,
      length: head.byteLength + rest.byteLength,
      isError: false,
      isKept: true,
    });
    chunks.onChunk(head);
    chunks.onChunk(rest);
    chunks.onResponseEnd();
  }

  #result(message: RpcMessage, reply: FrontReply, result: string): void {
    reply.settle({ kind: 'message', payload: resultText(message.id, result), status: 200 });
  }

  #discover(client: ClientContext): string {
    const { capabilities, instructions } = this.#views.of(client);
    return [
      `{"resultType":"complete","supportedVersions":${JSON.stringify(SUPPORTED_VERSIONS)}`,
      `"capabilities":${capabilities}`,
      ...(instructions === undefined ? [] : [`"instructions":${JSON.stringify(instructions)}`]),
      `"ttlMs":${DISCOVER_TTL_MS},"cacheScope":"private"`,
      `"_meta":{"io.modelcontextprotocol/serverInfo":${JSON.stringify(this.#identity)}}}`,
    ].join(',');
  }
}
