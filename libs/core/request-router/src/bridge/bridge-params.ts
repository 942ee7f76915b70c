import { applyEdits, memberOf, objectIn, setMember, withoutMembers } from '@omni/jsonrpc';

/** Members of the metadata are looked at too. */
const WITH_META = { _meta: {} };
const RESERVED_PREFIX = 'io.modelcontextprotocol/';
const ROUND_TRIP_MEMBERS: ReadonlySet<string> = new Set(['inputResponses', 'requestState']);

/** Parameters rewritten for the other era, and where the progress token stands in them. */
export interface BridgedParams {
  readonly text: string;
  readonly progressToken: { readonly start: number; readonly end: number } | undefined;
}

/**
 * Adds the envelope of the modern era to parameters of a legacy client, without answers that nobody has asked
 * it for.
 *
 * @param params - JSON object or empty.
 * @param clientInfo - JSON.
 * @param capabilities - JSON of what can be relayed for this client.
 * @param logLevel - Least severe log messages that the client wants; absent when it has set no level.
 * @see MCP 2026-07-28, basic, "Request metadata"; decision 0010.
 */
export function toModernParams(
  params: string,
  clientInfo: string,
  capabilities: string,
  logLevel?: string,
): BridgedParams {
  const envelope = [
    ['protocolVersion', '"2026-07-28"'],
    ['clientCapabilities', capabilities],
    ['clientInfo', clientInfo],
    ...(logLevel === undefined ? [] : [['logLevel', JSON.stringify(logLevel)] as const]),
  ] as const;
  const text = params === '' ? '{}' : withoutRoundTrip(params);
  const root = objectIn(text, WITH_META);
  const meta = memberOf(root, '_meta');
  if (root === undefined) return { text, progressToken: undefined };
  if (meta?.object === undefined) {
    const fresh = `{${envelope.map(([key, json]) => `"${RESERVED_PREFIX}${key}":${json}`).join(',')}}`;
    return locatedParams(applyEdits(text, [setMember(root, '_meta', fresh)]));
  }
  // One edit after another: each moves what stands behind it.
  let metaText = text.slice(meta.start, meta.end);
  for (const [key, json] of envelope) {
    const object = objectIn(metaText);
    if (object !== undefined)
      metaText = applyEdits(metaText, [setMember(object, `${RESERVED_PREFIX}${key}`, json)]);
  }
  return locatedParams(applyEdits(text, [{ start: meta.start, end: meta.end, text: metaText }]));
}

/**
 * Takes the modern envelope out of parameters for a legacy server, and what multi-round-trip requests add;
 * foreign `_meta` stays.
 *
 * @see PROTO-R16; decision 0010.
 */
export function toLegacyParams(params: string): BridgedParams {
  const own = withoutRoundTrip(params);
  const root = objectIn(own, WITH_META);
  const meta = memberOf(root, '_meta');
  if (root === undefined || meta?.object === undefined) return locatedParams(own);
  const kept = withoutMembers(own, meta.object, (key) =>
    /* guard: era/envelope-to-legacy */ key.startsWith(RESERVED_PREFIX),
  );
  const text =
    kept === '{}'
      ? withoutMembers(own, root, (key) => key === '_meta')
      : applyEdits(own, [{ start: meta.start, end: meta.end, text: kept }]);
  return locatedParams(text);
}

/**
 * Neither era takes them from the other: a legacy server does not know them, and for a legacy client Omni
 * asks and answers.
 */
function withoutRoundTrip(params: string): string {
  const given = objectIn(params);
  return given === undefined
    ? params
    : withoutMembers(params, given, (key) =>
        /* guard: era/state-to-legacy, era/answers-to-modern */ ROUND_TRIP_MEMBERS.has(key),
      );
}

/** Parameters with the place of the progress token. */
export function locatedParams(text: string): BridgedParams {
  const token = memberOf(memberOf(objectIn(text, WITH_META), '_meta')?.object, 'progressToken');
  return { text, progressToken: token === undefined ? undefined : { start: token.start, end: token.end } };
}
