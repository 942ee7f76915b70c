import { GatewayError } from '@omni/ports';
import {
  memberOf,
  scanJson,
  stringAt,
  type JsonLimits,
  type JsonMember,
  type JsonObject,
  type RecordPlan,
} from './json-scan.ts';

/** One JSON-RPC 2.0 message: its text, and where the parts stand in it. */
export interface RpcMessage {
  readonly kind: 'request' | 'notification' | 'response';
  readonly text: string;
  readonly root: JsonObject;
  /** The id as JSON text, exactly as sent; empty for a notification, `null` for an error that names none. */
  readonly id: string;
  /** Empty for a response. */
  readonly method: string;
  /** `params` of a request or notification, with the members of `params` and `params._meta` recorded. */
  readonly params: JsonObject | undefined;
  /** `result` of a response; its members (and those of its `_meta`) are recorded when it is an object. */
  readonly result: JsonMember | undefined;
  /** `error` of a response. */
  readonly error: JsonMember | undefined;
}

/** Why a text is no message, and the id to answer with: `null` when none could be read. */
export interface RpcRejection {
  readonly kind: 'rejected';
  readonly error: GatewayError;
  readonly id: string;
}

/** Several messages in one array (revision 2025-03-26 only); the texts of the items. */
export interface RpcBatch {
  readonly kind: 'batch';
  readonly items: readonly string[];
}

const PLAN: RecordPlan = { params: { _meta: {} }, result: { _meta: {} }, error: {} };
const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
/**
 * An integer as languages write it that have one kind of number: `1.0`, `1e+05`. In an answer it repeats an
 * id that was one.
 */
const MAY_BE_WHOLE = /^[0-9]{1,16}(?:\.[0-9]{1,16})?(?:[eE]\+?[0-9]{1,2})?$/;
/** Longest id that is accepted, in characters of its JSON. */
const MAX_ID_LENGTH = 1024;
/** The root object and `params` enclose the value whose depth is limited (arguments, `_meta`). */
const ENVELOPE_DEPTH = 2;

/**
 * Reads one message or batch.
 *
 * @param limits - `maxDepth` counts from the arguments, not from the envelope around them.
 * @see JSON-RPC 2.0; MCP 2026-07-28, basic, "Messages".
 */
export function parseMessage(text: string, limits: JsonLimits): RpcMessage | RpcBatch | RpcRejection {
  const scan = scanJson(
    text,
    { maxDepth: limits.maxDepth + ENVELOPE_DEPTH, maxElements: limits.maxElements },
    PLAN,
  );
  switch (scan.kind) {
    case 'problem':
      return rejected(problemError(scan.problem, scan.at, limits));
    case 'scalar':
      return rejected(
        new GatewayError('OMNI_MESSAGE_INVALID', 'The message is a single JSON value, not an object'),
      );
    case 'array':
      if (scan.items.length === 0)
        return rejected(new GatewayError('OMNI_MESSAGE_INVALID', 'The batch is empty'));
      return { kind: 'batch', items: scan.items.map((item) => text.slice(item.start, item.end)) };
    case 'object':
      return classify(text, scan.object);
  }
}

function problemError(
  problem: 'syntax' | 'depth' | 'elements' | 'duplicate-key',
  at: number,
  limits: JsonLimits,
): GatewayError {
  switch (problem) {
    case 'syntax':
      return new GatewayError('OMNI_JSON_INVALID', `The message is not valid JSON (at character ${at})`);
    case 'depth':
      return new GatewayError(
        'OMNI_MESSAGE_TOO_COMPLEX',
        `The message is nested too deeply: at most ${limits.maxDepth} levels are allowed`,
      );
    case 'elements':
      return new GatewayError(
        'OMNI_MESSAGE_TOO_COMPLEX',
        `The message holds too many values: at most ${limits.maxElements} are allowed`,
      );
    case 'duplicate-key':
      return new GatewayError(
        'OMNI_MESSAGE_INVALID',
        `A key stands twice in the same object (at character ${at})`,
      );
  }
}

function classify(text: string, root: JsonObject): RpcMessage | RpcRejection {
  const idMember = memberOf(root, 'id');
  const id = idMember === undefined ? '' : text.slice(idMember.start, idMember.end);
  const hasLegalId =
    id !== '' &&
    /* guard: message/id-length */ id.length <= MAX_ID_LENGTH &&
    (id.startsWith('"') || /* guard: message/id-type */ INTEGER.test(id));
  const answerId = hasLegalId ? id : 'null';

  const version = memberOf(root, 'jsonrpc');
  // guard: message/version
  if (version === undefined || !isVersion2(text, version))
    return refused(answerId, '"jsonrpc" must be "2.0"');
  const methodMember = memberOf(root, 'method');
  const result = memberOf(root, 'result');
  const error = memberOf(root, 'error');
  if (methodMember === undefined) {
    if (result === undefined && error === undefined)
      return refused(answerId, 'The message has neither "method" nor "result" nor "error"');
    // guard: message/result-and-error
    if (result !== undefined && error !== undefined)
      return refused(answerId, 'A response has either "result" or "error", not both');
    if (error !== undefined && error.object === undefined)
      return refused(answerId, '"error" must be an object');
    // An error about an unreadable request carries the id null (JSON-RPC 2.0) or none (MCP 2026-07-28, basic,
    // "Error Responses").
    const namesNone = error !== undefined && (id === 'null' || id === '');
    if (!hasLegalId && !namesNone && !(MAY_BE_WHOLE.test(id) && Number.isSafeInteger(Number(id))))
      return refused(answerId, 'A response needs the id of its request');
    return {
      kind: 'response',
      text,
      root,
      id: namesNone ? 'null' : id,
      method: '',
      params: undefined,
      result,
      error,
    };
  }
  // guard: message/request-and-answer
  if (result !== undefined || error !== undefined)
    return refused(answerId, 'A message has "method" or an answer, not both');
  const method = stringAt(text, methodMember);
  if (method === undefined || method === '') return refused(answerId, '"method" must be a non-empty string');
  if (idMember !== undefined && !hasLegalId)
    return refused(answerId, '"id" must be a string or an integer of at most 1024 characters');
  const params = memberOf(root, 'params');
  // guard: message/params
  if (params !== undefined && params.object === undefined)
    return refused(answerId, '"params" must be an object');
  const kind = idMember === undefined ? 'notification' : 'request';
  return { kind, text, root, id, method, params: params?.object, result: undefined, error: undefined };
}

function isVersion2(text: string, version: JsonMember): boolean {
  return text.startsWith('"2.0"', version.start) || stringAt(text, version) === '2.0';
}

function refused(id: string, message: string): RpcRejection {
  return rejected(new GatewayError('OMNI_MESSAGE_INVALID', message), id);
}

function rejected(error: GatewayError, id = 'null'): RpcRejection {
  return { kind: 'rejected', error, id };
}

/** `_meta` of a request's or notification's params. */
export function metaOf(message: RpcMessage): JsonObject | undefined {
  return memberOf(message.params, '_meta')?.object;
}

/** The text of a value inside the message. */
export function rawOf(
  message: RpcMessage,
  span: { readonly start: number; readonly end: number } | undefined,
): string | undefined {
  return span === undefined ? undefined : message.text.slice(span.start, span.end);
}
