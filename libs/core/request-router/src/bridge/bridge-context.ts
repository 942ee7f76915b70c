import { applyEdits, memberOf, objectIn, withoutMembers } from '@omni/jsonrpc';
import { callerKeyOf, type CallContext, type UpstreamCall, type UpstreamConnection } from '@omni/model';
import type { HeaderList } from '@omni/ports';
import type { Route } from '../call/route.ts';
import type { BridgedParams } from './bridge-params.ts';
import type { AttemptHandler } from './era-codec.ts';

/** Everything that one attempt at a server of the other era has to do with. */
export interface BridgeContext {
  readonly request: CallContext;
  readonly route: Route;
  readonly connection: UpstreamConnection;
  /** See `UpstreamCall`. */
  readonly forwardedHeaders: HeaderList;
  readonly handler: AttemptHandler;
}

/**
 * The client's parameters with the edits of the route; empty when it sent none. The wish for a task has no
 * meaning in the other era.
 */
export function plannedParams({ request: { message }, route }: BridgeContext): string {
  const { params } = message;
  if (params === undefined) return '';
  const text = applyEdits(message.text, route.edits, params.start, params.end);
  if (message.method !== 'tools/call' || memberOf(params, 'task') === undefined) return text;
  const root = objectIn(text);
  return root === undefined ? text : withoutMembers(text, root, (key) => key === 'task');
}

/** A call with translated parameters. Its answer has to be read. */
export function bridgedCall(
  { request, route, forwardedHeaders }: BridgeContext,
  { text, progressToken }: BridgedParams,
): UpstreamCall {
  const { message, client } = request;
  return {
    method: message.method,
    text,
    paramsStart: 0,
    paramsEnd: text.length,
    edits: [],
    progressToken,
    name: route.name,
    paramHeaders: route.paramHeaders,
    forwardedHeaders,
    clientId: message.id,
    callerKey: callerKeyOf(client),
    caller: client.principal,
    allowPassthrough: false,
    origin: request,
  };
}
