import { memberOf, metaOf } from '@omni/jsonrpc';
import { callerKeyOf, type CallContext, type UpstreamCall } from '@omni/model';
import type { HeaderList } from '@omni/ports';
import type { Route } from '../call/route.ts';

/** The call of a client as a server of its era gets it: the client's text with the edits of its route. */
export function relayedCall(
  { message, client }: CallContext,
  { edits, name, paramHeaders }: Route,
  forwardedHeaders: HeaderList,
  allowPassthrough: boolean,
): UpstreamCall {
  const { params } = message;
  return {
    method: message.method,
    text: message.text,
    paramsStart: params?.start ?? 0,
    paramsEnd: params?.end ?? 0,
    edits,
    progressToken: memberOf(metaOf(message), 'progressToken'),
    name,
    paramHeaders,
    forwardedHeaders,
    clientId: message.id,
    callerKey: callerKeyOf(client),
    caller: client.principal,
    allowPassthrough,
  };
}
