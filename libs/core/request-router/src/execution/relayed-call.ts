import { memberOf, metaOf } from '@omni/jsonrpc';
import { callerKeyOf, type CallContext, type UpstreamCall, type UpstreamConnection } from '@omni/model';
import type { HeaderList } from '@omni/ports';
import type { Route } from '../call/route.ts';
import { withheldFrom } from '../call/told-of-client.ts';

/**
 * The call of a client as a server of its era gets it: the client's text with the edits of its route, and
 * without what it may not hear.
 */
export function relayedCall(
  connection: UpstreamConnection,
  context: CallContext,
  { edits, name, paramHeaders }: Route,
  forwardedHeaders: HeaderList,
  allowPassthrough: boolean,
): UpstreamCall {
  const { message, client } = context;
  const { params } = message;
  const withheld = withheldFrom(connection, context);
  return {
    method: message.method,
    text: message.text,
    paramsStart: params?.start ?? 0,
    paramsEnd: params?.end ?? 0,
    edits: withheld.length === 0 ? edits : [...edits, ...withheld],
    progressToken: memberOf(metaOf(message), 'progressToken'),
    name,
    paramHeaders,
    forwardedHeaders,
    clientId: message.id,
    callerKey: callerKeyOf(client),
    caller: client.principal,
    allowPassthrough,
    origin: context,
  };
}
