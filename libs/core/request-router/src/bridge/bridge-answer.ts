import {
  applyEdits,
  errorText,
  type JsonObject,
  memberOf,
  objectIn,
  rawOf,
  resultText,
  type RpcMessage,
  setMember,
  setMembers,
  stringMember,
  type TextEdit,
  withId,
  withoutMembers,
} from '@omni/jsonrpc';
import { GatewayError } from '@omni/ports';
import { errorCodeOf } from '../call/answer-code.ts';
import type { TranslatedAnswer } from './era-codec.ts';

const META_SERVER_INFO = 'io.modelcontextprotocol/serverInfo';
/** Members of modern results that legacy clients do not know. */
const MODERN_MEMBERS = new Set(['resultType', 'ttlMs', 'cacheScope']);
/** Errors about the modern envelope, which is Omni's own doing for a legacy client. */
const ENVELOPE_ERRORS: ReadonlySet<string | undefined> = new Set(['-32020', '-32021', '-32022']);
const RESOURCE_NOT_FOUND_BEFORE = '-32002';
const PARAMS_INVALID = '-32602';
const CAPABILITY_MISSING = '-32021';

/**
 * Turns the answer of a modern server into one for a legacy client.
 *
 * @param id - The client's id, as JSON.
 * @see MCP 2025-11-25, server/tools, "Structured Content": an object; decision 0010.
 */
export function toLegacyAnswer(
  message: RpcMessage,
  id: string,
  upstream: string,
  wrapsOutput: boolean,
): TranslatedAnswer {
  if (message.error !== undefined) {
    const code = errorCodeOf(message);
    if (/* guard: era/envelope-errors */ !ENVELOPE_ERRORS.has(code))
      return translated(withId(message, id), code);
    const said = stringMember(message.text, message.error.object, 'message') ?? '';
    return eraError(
      id,
      `Server "${upstream}" refused the request as Omni translated it: ${said.slice(0, 200)}`,
    );
  }
  const result = message.result?.object;
  if (result === undefined) return translated(withId(message, id));
  const type = stringMember(message.text, result, 'resultType') ?? 'complete';
  // guard: era/input-required
  if (type !== 'complete') {
    return eraError(
      id,
      `Server "${upstream}" answered with "${type.slice(0, 40)}", which has no form in the revision of this client`,
    );
  }
  return translated(resultText(id, toLegacyResult(message, result, wrapsOutput)));
}

function toLegacyResult(message: RpcMessage, result: JsonObject, wrapsOutput: boolean): string {
  const structured = memberOf(result, 'structuredContent');
  const meta = memberOf(result, '_meta')?.object;
  const isMetaEmptied = meta?.members.length === 1 && memberOf(meta, META_SERVER_INFO) !== undefined;
  const isDropped = (key: string): boolean =>
    /* guard: era/modern-members */ MODERN_MEMBERS.has(key) || (key === '_meta' && isMetaEmptied);
  // Legacy clients refuse a result whose structured content is no object, whatever its schema says.
  const isWrapped =
    structured !== undefined && (wrapsOutput || message.text.charCodeAt(structured.start) !== 0x7b);
  const edits = isMetaEmptied ? [] : metaEdits(message, result);
  // Most results have nothing inside that changes; large ones are not read again for it.
  if (!isWrapped && edits.length === 0) return withoutMembers(message.text, result, isDropped);
  if (isWrapped) {
    const value = rawOf(message, structured) ?? 'null';
    edits.push({ start: structured.start, end: structured.end, text: `{"result":${value}}` });
    const content = rawOf(message, memberOf(result, 'content'));
    if (content === undefined || /^\[\s*\]$/.test(content))
      edits.push(setMember(result, 'content', `[{"type":"text","text":${JSON.stringify(value)}}]`));
  }
  return dropMembers(applyEdits(message.text, edits, result.start, result.end), isDropped);
}

/**
 * Takes out of the metadata what is reserved for the modern era; foreign metadata stays (PROTO-R16).
 */
function metaEdits(message: RpcMessage, result: JsonObject): TextEdit[] {
  const meta = memberOf(result, '_meta');
  if (meta?.object === undefined || memberOf(meta.object, META_SERVER_INFO) === undefined) return [];
  return [
    {
      start: meta.start,
      end: meta.end,
      text: withoutMembers(message.text, meta.object, (key) => key === META_SERVER_INFO),
    },
  ];
}

/**
 * Turns the answer of a legacy server into one for a modern client.
 *
 * @param serverInfo - What the server said of itself, as JSON.
 * @see PROTO-R05; decision 0010.
 */
export function toModernAnswer(
  message: RpcMessage,
  id: string,
  method: string,
  serverInfo: string | undefined,
): TranslatedAnswer {
  if (message.error !== undefined) {
    const errorCode = errorCodeOf(message);
    const code = memberOf(message.error.object, 'code');
    // Resource not found has had another code before (MCP 2026-07-28, basic, "Error Codes").
    if (code === undefined || errorCode !== RESOURCE_NOT_FOUND_BEFORE)
      return translated(withId(message, id), errorCode);
    const edit = { start: code.start, end: code.end, text: PARAMS_INVALID };
    const error = applyEdits(message.text, [edit], message.error.start, message.error.end);
    return translated(`{"jsonrpc":"2.0","id":${id},"error":${error}}`, PARAMS_INVALID);
  }
  const result = message.result?.object;
  if (result === undefined) return translated(withId(message, id));
  return translated(
    resultText(
      id,
      applyEdits(message.text, modernEdits(message, result, method, serverInfo), result.start, result.end),
    ),
  );
}

/**
 * The error of a legacy server that wants pages to be visited, for a modern client that visits none. That era
 * has no such error, and another one for what a client does not declare.
 *
 * @param message - Has elicitations in its data.
 * @see MCP 2026-07-28, basic, "Error Codes"; PROTO-R15.
 */
export function toMissingUrlElicitation(message: RpcMessage, id: string): TranslatedAnswer {
  const error = message.error?.object;
  const code = memberOf(error, 'code');
  const data = memberOf(error, 'data');
  const given = objectIn(rawOf(message, data) ?? '');
  if (message.error === undefined || code === undefined || data === undefined || given === undefined)
    return translated(withId(message, id), errorCodeOf(message));
  const needed = setMember(given, 'requiredCapabilities', '{"elicitation":{"url":{}}}');
  const edits: TextEdit[] = [
    { start: code.start, end: code.end, text: CAPABILITY_MISSING },
    { start: data.start + needed.start, end: data.start + needed.end, text: needed.text },
  ];
  const edited = applyEdits(message.text, edits, message.error.start, message.error.end);
  return translated(`{"jsonrpc":"2.0","id":${id},"error":${edited}}`, CAPABILITY_MISSING);
}

/** Members of the result of a tool that could not do its work, as JSON. */
export function failedToolMembers(text: string): string {
  return `"content":[{"type":"text","text":${JSON.stringify(text)}}],"isError":true`;
}

/** What the server said itself stays. */
function modernEdits(
  message: RpcMessage,
  result: JsonObject,
  method: string,
  serverInfo: string | undefined,
): readonly TextEdit[] {
  const wanted: [key: string, json: string][] = [['resultType', '"complete"']];
  if (method === 'resources/read') wanted.push(['ttlMs', '0'], ['cacheScope', '"private"']);
  const meta = memberOf(result, '_meta');
  const edits: TextEdit[] = [];
  if (method === 'tools/call') {
    // Clients of the era before take a tool that says nothing for one with an empty answer.
    const content = memberOf(result, 'content');
    if (content === undefined) wanted.push(['content', '[]']);
    else if (rawOf(message, content) === 'null')
      edits.push({ start: content.start, end: content.end, text: '[]' });
  }
  if (serverInfo !== undefined) {
    if (meta === undefined) wanted.push(['_meta', `{${JSON.stringify(META_SERVER_INFO)}:${serverInfo}}`]);
    else if (meta.object !== undefined && memberOf(meta.object, META_SERVER_INFO) === undefined)
      edits.push(setMember(meta.object, META_SERVER_INFO, serverInfo));
  }
  const missing = wanted.filter(([key]) => memberOf(result, key) === undefined);
  return [...setMembers(result, missing), ...edits];
}

function dropMembers(resultJson: string, isDropped: (key: string) => boolean): string {
  // A result that was just put together is an object whose text is sound.
  const result = objectIn(resultJson);
  return result === undefined ? resultJson : withoutMembers(resultJson, result, isDropped);
}

function translated(text: string, errorCode?: string): TranslatedAnswer {
  return { kind: 'translated', text, errorCode };
}

function eraError(id: string, text: string): TranslatedAnswer {
  const error = new GatewayError('OMNI_UPSTREAM_ERA', text);
  return translated(errorText(id, error), String(error.facts.jsonRpcCode));
}
