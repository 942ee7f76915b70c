import {
  applyEdits,
  memberOf,
  objectIn,
  rawOf,
  resultText,
  type RpcMessage,
  scanJson,
  setMember,
  stringMember,
  TRUSTED_LIMITS,
  withoutMembers,
} from '@omni/jsonrpc';
import { isUrlElicitation, type ServerRequest } from './input-required.ts';

const MAX_ELICITATIONS = 100;
const REFUSALS: ReadonlySet<string> = new Set(['decline', 'cancel']);
/**
 * A legacy server says that a page has to be visited before the call can be made (MCP 2025-11-25,
 * client/elicitation).
 */
const URL_ELICITATION_REQUIRED = '-32042';

/** The question of a legacy server: its method and parameters. */
export function serverRequestOf(message: RpcMessage): ServerRequest {
  return { method: message.method, params: rawOf(message, message.params) ?? '' };
}

/**
 * An entry of `inputRequests`, as JSON.
 *
 * What belongs to the question as a request of its own is taken out: its progress token, and the id of an
 * elicitation by URL.
 */
export function inputRequest({ method, params }: ServerRequest): string {
  const head = `{"method":${JSON.stringify(method)}`;
  if (params === '') return `${head}}`;
  const isUrl = isUrlElicitation({ method, params });
  let text = params;
  const meta = memberOf(objectIn(text, { _meta: {} }), '_meta');
  if (meta?.object !== undefined) {
    const kept = withoutMembers(text, meta.object, (key) => key === 'progressToken');
    text =
      kept === '{}'
        ? without(text, '_meta')
        : applyEdits(text, [{ start: meta.start, end: meta.end, text: kept }]);
  }
  return `${head},"params":${isUrl ? without(text, 'elicitationId') : text}}`;
}

/**
 * A result that asks the client for input.
 *
 * @param id - The client's id, as JSON.
 * @param requests - JSON of each entry by its key.
 * @param serverInfo - What the server said of itself, as JSON.
 */
export function inputRequiredText(
  id: string,
  requests: ReadonlyMap<string, string>,
  state: string,
  serverInfo: string | undefined,
): string {
  const entries = [...requests].map(([key, json]) => `${JSON.stringify(key)}:${json}`);
  const result = `{"resultType":"input_required","inputRequests":{${entries.join(',')}},"requestState":${JSON.stringify(state)}}`;
  if (serverInfo === undefined) return resultText(id, result);
  const root = objectIn(result);
  const meta = `{"io.modelcontextprotocol/serverInfo":${serverInfo}}`;
  return resultText(id, root === undefined ? result : applyEdits(result, [setMember(root, '_meta', meta)]));
}

/** The answers of the client by the key of their server request, as JSON; what is no object is no answer. */
export function readInputResponses(message: RpcMessage): ReadonlyMap<string, string> {
  const text = rawOf(message, memberOf(message.params, 'inputResponses')) ?? '';
  const members = objectIn(text)?.members ?? [];
  const objects = members.filter(({ start }) => text.charCodeAt(start) === 0x7b);
  return new Map(objects.map(({ key, start, end }) => [key, text.slice(start, end)]));
}

/** Whether the user has declined one of the elicitations, or closed it without an answer. */
export function isDeclined(message: RpcMessage): boolean {
  return [...readInputResponses(message).values()].some((json) =>
    REFUSALS.has(stringMember(json, objectIn(json), 'action') ?? ''),
  );
}

/** The pages that an error of a legacy server wants to be visited; none for other errors. */
export function requiredElicitations(message: RpcMessage): readonly ServerRequest[] {
  if (rawOf(message, memberOf(message.error?.object, 'code')) !== URL_ELICITATION_REQUIRED) return [];
  const data = rawOf(message, memberOf(message.error?.object, 'data')) ?? '';
  const listed = memberOf(objectIn(data), 'elicitations');
  const list = listed === undefined ? '' : data.slice(listed.start, listed.end);
  const scan = list === '' ? undefined : scanJson(list, TRUSTED_LIMITS);
  if (scan?.kind !== 'array' || /* guard: rounds/elicitations */ scan.items.length > MAX_ELICITATIONS)
    return [];
  const serverRequests = scan.items.map((item) => ({
    method: 'elicitation/create',
    params: list.slice(item.start, item.end),
  }));
  const isUsable = (serverRequest: ServerRequest): boolean =>
    isUrlElicitation(serverRequest) &&
    stringMember(serverRequest.params, objectIn(serverRequest.params), 'url') !== undefined;
  return serverRequests.every(isUsable) ? serverRequests : [];
}

function without(text: string, member: string): string {
  const root = objectIn(text);
  return root === undefined ? text : withoutMembers(text, root, (key) => key === member);
}
