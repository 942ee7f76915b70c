import {
  applyEdits,
  type JsonLimits,
  memberOf,
  metaOf,
  parseMessage,
  type RpcMessage,
  setMember,
  setMembers,
  stringAt,
  type TextEdit,
} from '@omni/jsonrpc';
import type { HeaderList } from '@omni/ports';

const TRACEPARENT_KEY = 'traceparent';
const TRACESTATE_KEY = 'tracestate';
const BAGGAGE_KEY = 'baggage';

/** Version 00, and what later versions have in common with it: version, trace, parent, flags. */
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]*)?$/;
/** One member; empty ones are allowed too. */
const STATE_MEMBER = /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;
const BAGGAGE_MEMBER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=[\t\x20-\x2b\x2d-\x7e]*$/;
const LINE = /^[\t\x20-\x7e]*$/;
const MAX_STATE_MEMBERS = 32;
/** Nobody sends longer ones; they are not worth looking at. In characters. */
const MAX_TRACEPARENT = 256;
const MAX_TRACESTATE = 512;
const MAX_BAGGAGE = 8_192;
const MAX_BAGGAGE_MEMBERS = 180;
const NONE: HeaderList = [];

/** What a `traceparent` says. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/**
 * Reads a `traceparent`.
 *
 * @param traceparent - As sent.
 * @returns `undefined` when it is not valid.
 * @see W3C Trace Context, "traceparent Header".
 */
export function parseTraceparent(traceparent: string | undefined): TraceParent | undefined {
  if (traceparent === undefined || traceparent.length > MAX_TRACEPARENT) return undefined;
  const match = TRACEPARENT.exec(traceparent);
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = match;
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The `traceparent` that says this. */
export function traceparentText({ traceId, spanId, isSampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** The trace that a request belongs to; `undefined` when its `traceparent` is not valid. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return parseTraceparent(traceparent)?.traceId;
}

/** Looks a header up by its lower-case name; `undefined` when absent. */
export type HeaderLookup = (name: string) => string | undefined;

/**
 * Puts the trace context that came in the headers of a request where MCP has it: into `params._meta`.
 *
 * What the client has put there itself stays, and what is not valid is left out. A request without parameters
 * gets them for it.
 *
 * @returns The same message when there is nothing to put in.
 * @see SEP-414; W3C Trace Context and W3C Baggage.
 */
export function withTraceContext(message: RpcMessage, header: HeaderLookup, limits: JsonLimits): RpcMessage {
  const traceparent = header(TRACEPARENT_KEY);
  const baggage = header(BAGGAGE_KEY);
  if (traceparent === undefined && baggage === undefined) return message;
  const { params, text } = message;
  const meta = memberOf(params, '_meta');
  if (message.kind !== 'request' || (meta !== undefined && meta.object === undefined)) return message;
  const added: [key: string, json: string][] = [];
  const isSet = (key: string): boolean => memberOf(meta?.object, key) !== undefined;
  // The state says something about the parent, so the two come from the same place.
  if (traceIdOf(traceparent) !== undefined && !isSet(TRACEPARENT_KEY) && !isSet(TRACESTATE_KEY)) {
    added.push([TRACEPARENT_KEY, JSON.stringify(traceparent)]);
    const tracestate = header(TRACESTATE_KEY);
    if (isTracestate(tracestate)) added.push([TRACESTATE_KEY, JSON.stringify(tracestate)]);
  }
  if (isBaggage(baggage) && !isSet(BAGGAGE_KEY)) added.push([BAGGAGE_KEY, JSON.stringify(baggage)]);
  if (added.length === 0) return message;
  const continued = parseMessage(applyEdits(text, additions(message, added)), limits);
  // A message at its limit of values goes without.
  return continued.kind === 'request' ? continued : message;
}

/**
 * The request with this parent in the place of the client's, so that what it leads to belongs to that span.
 *
 * @returns The same message where its metadata cannot be changed.
 */
export function withParent(message: RpcMessage, parent: TraceParent, limits: JsonLimits): RpcMessage {
  const meta = memberOf(message.params, '_meta');
  if (message.kind !== 'request' || (meta !== undefined && meta.object === undefined)) return message;
  const edits = additions(message, [[TRACEPARENT_KEY, JSON.stringify(traceparentText(parent))]]);
  const continued = parseMessage(applyEdits(message.text, edits), limits);
  return continued.kind === 'request' ? continued : message;
}

function additions(
  { root, params }: RpcMessage,
  added: readonly (readonly [key: string, json: string])[],
): readonly TextEdit[] {
  const meta = memberOf(params, '_meta')?.object;
  if (meta !== undefined) return setMembers(meta, added);
  const json = `{${added.map(([key, value]) => `"${key}":${value}`).join(',')}}`;
  return [
    params === undefined ? setMember(root, 'params', `{"_meta":${json}}`) : setMember(params, '_meta', json),
  ];
}

/** The trace context in `params._meta` as headers for a server on HTTP; what is not valid is left out. */
export function traceHeadersOf(message: RpcMessage): HeaderList {
  const meta = metaOf(message);
  if (meta === undefined) return NONE;
  let headers: string[] | undefined;
  const value = (key: string): string | undefined => {
    const member = memberOf(meta, key);
    return member === undefined ? undefined : stringAt(message.text, member);
  };
  const traceparent = value(TRACEPARENT_KEY);
  if (traceparent !== undefined && traceIdOf(traceparent) !== undefined) {
    headers = [TRACEPARENT_KEY, traceparent];
    const tracestate = value(TRACESTATE_KEY);
    if (isTracestate(tracestate)) headers.push(TRACESTATE_KEY, tracestate);
  }
  const baggage = value(BAGGAGE_KEY);
  if (isBaggage(baggage)) (headers ??= []).push(BAGGAGE_KEY, baggage);
  return headers ?? NONE;
}

/** The `traceparent` among headers that go along with a call; `undefined` when it belongs to no trace. */
export function traceparentIn(headers: HeaderList = NONE): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at] === TRACEPARENT_KEY) return headers[at + 1];
  return undefined;
}

function isTracestate(text: string | undefined): text is string {
  if (text === undefined || text.length > MAX_TRACESTATE) return false;
  const members = membersOf(text);
  return (
    members.length > 0 &&
    members.length <= MAX_STATE_MEMBERS &&
    members.every((member) => STATE_MEMBER.test(member))
  );
}

function isBaggage(text: string | undefined): text is string {
  if (text === undefined || text.length > MAX_BAGGAGE) return false;
  const members = membersOf(text);
  return (
    members.length > 0 &&
    members.length <= MAX_BAGGAGE_MEMBERS &&
    members.every((member) => BAGGAGE_MEMBER.test(member))
  );
}

/**
 * Spaces and tabs around a member, and empty members, mean nothing; a text with other blanks or controls has
 * no members.
 */
function membersOf(text: string): readonly string[] {
  if (!LINE.test(text)) return [];
  const members = text.split(',').map((member) => member.trim());
  return members.filter((member) => member !== '');
}
