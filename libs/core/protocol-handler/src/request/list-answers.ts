import { type CatalogueViews, type ListKind, NOTHING_RUNS, type RunningCall } from '@omni/model';
import type { ClientRequest } from './client-request.ts';
import { EncodedLists } from './encoded-lists.ts';
import { checkCursor } from './methods.ts';
import { unservedBy } from './unserved-endpoint.ts';

const ENCODER = new TextEncoder();
/** From this many characters on a list goes out as bytes that are kept. */
const LONG_LIST = 16_384;

/** Answers the lists of both eras, as soon as it is known what they hold. */
export class ListAnswers {
  readonly #views: CatalogueViews;
  readonly #encoded = new EncodedLists();

  constructor(views: CatalogueViews) {
    this.#views = views;
  }

  answer(kind: ListKind, request: ClientRequest): RunningCall {
    const refused = checkCursor(request.message);
    if (refused !== undefined) {
      request.fail(refused);
      return NOTHING_RUNS;
    }
    const send = (): void => this.#send(request, kind);
    return request.waiting(this.#views.whenKnown(request.client, 'list', request.later(send)));
  }

  #send(request: ClientRequest, kind: ListKind): void {
    const unserved = unservedBy(this.#views, request.client.endpoint);
    if (unserved !== undefined) return request.fail(unserved);
    const list = this.#views.of(request.client).list(kind);
    const { chunks } = request;
    if (chunks === undefined || list.length < LONG_LIST) return request.result(list);
    const head = ENCODER.encode(`{"jsonrpc":"2.0","id":${request.message.id},"result":`);
    const rest = this.#encoded.endingWith(list);
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
}
