import { errorText, type JsonLimits, parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { BATCH_VERSION, type HeaderLookup, withTraceContext } from '@omni/model';
import { GatewayError, type HeaderList } from '@omni/ports';
import { ClientRequest } from '../request/client-request.ts';
import type { ClientOutlet } from '../request/deliver.ts';
import type { FrontRequests } from '../request/front-requests.ts';
import { BatchCollector, type BatchTarget } from './batch-collector.ts';
import type { LegacySession } from './legacy-session.ts';

const MAX_ITEMS = 100;

/** Why this session gets no batch; `undefined` when it does. */
export function checkBatch(
  items: readonly string[],
  session: LegacySession | undefined,
): GatewayError | undefined {
  // guard: batch/revision
  if (session?.version !== BATCH_VERSION)
    return new GatewayError(
      'OMNI_MESSAGE_INVALID',
      `Batches exist only in sessions of revision ${BATCH_VERSION}`,
    );
  return /* guard: batch/size */ items.length > /* guard: advisory/GHSA-f897-batch */ MAX_ITEMS
    ? new GatewayError('OMNI_MESSAGE_INVALID', `A batch holds at most ${MAX_ITEMS} messages`)
    : undefined;
}

export interface BatchOptions {
  readonly session: LegacySession;
  readonly requests: FrontRequests;
  readonly limits: JsonLimits;
  readonly target: BatchTarget;
  /** Takes notifications of the batch's requests. */
  readonly outlet: ClientOutlet;
  /** Looks up headers of the request that has brought it; absent where there are none. */
  readonly header?: HeaderLookup;
  /** What some server may be told of those headers. */
  readonly forwardable?: HeaderList | undefined;
}

/**
 * Runs the messages of a batch side by side; the answers stand in the order in which they came.
 *
 * @see MCP 2025-03-26, basic, "Batching".
 */
export function runBatch(items: readonly string[], options: BatchOptions): void {
  const { session, limits, target, outlet } = options;
  const collector = new BatchCollector(target, outlet);
  for (const item of items) {
    const message = parseMessage(item, limits);
    if (message.kind === 'batch')
      collector.add(
        errorText('null', new GatewayError('OMNI_MESSAGE_INVALID', 'A batch cannot hold a batch')),
      );
    else if (message.kind === 'rejected') collector.add(errorText(message.id, message.error));
    else if (message.kind === 'notification') session.onClientNotification(message);
    else if (message.kind === 'response') session.onClientResponse(message);
    else startRequest(message, collector, options);
  }
  collector.close();
}

function startRequest(message: RpcMessage, collector: BatchCollector, options: BatchOptions): void {
  const { session, requests, limits, header, forwardable } = options;
  collector.expect();
  const request = new ClientRequest(requests, {
    message: header === undefined ? message : withTraceContext(message, header, limits),
    client: session.client,
    writer: collector,
    owner: session,
    forwardable,
  });
  request.start(session);
}
