import { applyEdits, memberOf, objectIn, withoutMembers } from '@omni/jsonrpc';
import {
  callerKeyOf,
  type CallContext,
  type ReplySink,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import type { HeaderList } from '@omni/ports';
import type { RoutePlan } from '../call/route.ts';
import type { BridgedParams } from './bridge-params.ts';
import type { ReturnedState } from './returning-call.ts';

/** Everything that one call to a server of the other era has to do with. */
export interface BridgeContext {
  readonly request: CallContext;
  readonly plan: RoutePlan;
  readonly connection: UpstreamConnection;
  /** See `UpstreamCall`. */
  readonly forwardedHeaders: HeaderList;
  readonly reply: ReplySink;
  /** What the state that the client brought back leads to; `undefined` when it brought none. A legacy server can have given none. */
  readonly state: ReturnedState | undefined;
  /** Asks the next server instead; `undefined` for the last one. */
  readonly onNotHere: (() => void) | undefined;
}

/** The client's parameters with the edits of the plan; empty when it sent none. The wish for a task has no meaning in the other era. */
export function plannedParams({ request: { message }, plan }: BridgeContext): string {
  const { params } = message;
  if (params === undefined) return '';
  const text = applyEdits(message.text, plan.edits, params.start, params.end);
  if (message.method !== 'tools/call' || memberOf(params, 'task') === undefined) return text;
  const root = objectIn(text);
  return root === undefined ? text : withoutMembers(text, root, (key) => key === 'task');
}

/** A call with translated parameters. Its answer has to be read. */
export function bridgedCall(
  { request, plan, forwardedHeaders }: BridgeContext,
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
    name: plan.name,
    paramHeaders: plan.paramHeaders,
    forwardedHeaders,
    clientId: message.id,
    callerKey: callerKeyOf(client),
    allowPassthrough: false,
  };
}
