import { applyEdits, memberDrops, memberOf, metaOf, objectIn, rawOf, type TextEdit } from '@omni/jsonrpc';
import { type CallContext, type UpstreamConnection, withoutRoots } from '@omni/model';

const META_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const NOTHING: readonly TextEdit[] = [];

/** What a server may hear of what its client declares. @param capabilities - JSON. */
export function declaredTo({ passesRoots = false }: UpstreamConnection, capabilities: string): string {
  return passesRoots ? capabilities : /* guard: roots/declared-modern */ withoutRoots(capabilities);
}

/**
 * Changes to the parameters of a modern client's request for a modern server that is not to hear of folders
 * from its clients: neither that the client would name some, nor names that nobody may have asked for.
 */
export function withheldFrom(
  connection: UpstreamConnection,
  { message, client }: CallContext,
): readonly TextEdit[] {
  if (connection.era !== 'modern' || connection.passesRoots === true) return NOTHING;
  const responses = memberOf(message.params, 'inputResponses');
  const declared = declaredTo(connection, client.capabilities);
  if (declared === client.capabilities && responses === undefined) return NOTHING;
  const edits: TextEdit[] = [];
  const capabilities = memberOf(metaOf(message), META_CAPABILITIES);
  if (capabilities !== undefined && declared !== client.capabilities)
    edits.push({ start: capabilities.start, end: capabilities.end, text: declared });
  const given = rawOf(message, responses);
  if (responses !== undefined && given !== undefined)
    edits.push({ start: responses.start, end: responses.end, text: withoutRootAnswers(given) });
  return edits;
}

/**
 * Of all answers to what a server can ask, only that to `roots/list` has this member. What Omni cannot read,
 * such as a key that stands twice, a server may: it is left out.
 */
function withoutRootAnswers(responses: string): string {
  const object = objectIn(responses);
  if (object === undefined) return /* guard: roots/unreadable-answers */ '{}';
  const drops = memberDrops(responses, object, ({ start, end }) => {
    const answer = objectIn(responses.slice(start, end));
    return (
      /* guard: roots/unreadable-answer */ answer === undefined || memberOf(answer, 'roots') !== undefined
    );
  });
  return applyEdits(responses, drops);
}
