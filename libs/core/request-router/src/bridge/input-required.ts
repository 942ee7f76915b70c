import {
  applyEdits,
  memberOf,
  objectIn,
  type RpcMessage,
  setMember,
  setMembers,
  stringMember,
} from '@omni/jsonrpc';

/** Most questions of one round. */
const MAX_QUESTIONS = 100;

/** What a server may ask of a client. */
const QUESTIONS: ReadonlySet<string> = new Set([
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
]);

/** Something that a server wants to know from the client. */
export interface ServerRequest {
  readonly method: string;
  /** JSON object; empty when there are none. */
  readonly params: string;
}

/** A result of the modern era that is no answer yet. */
export interface InputRequired {
  readonly serverRequests: readonly (ServerRequest & { readonly key: string })[];
  /** The JSON string of `requestState` byte for byte; `undefined` when there is none. */
  readonly state: string | undefined;
}

export function isServerRequest(method: string): boolean {
  return QUESTIONS.has(method);
}

/** Whether the answer of a modern server asks for more input. */
export function isInputRequired(message: RpcMessage): boolean {
  return stringMember(message.text, message.result?.object, 'resultType') === 'input_required';
}

/**
 * @returns `undefined` when it is not well-formed: neither questions nor state, or something else in their
 * places.
 */
export function readInputRequired({ text, result }: RpcMessage): InputRequired | undefined {
  const requests = memberOf(result?.object, 'inputRequests');
  const state = memberOf(result?.object, 'requestState');
  if (state !== undefined && text.charCodeAt(state.start) !== 0x22) return undefined;
  const serverRequests =
    requests === undefined ? [] : readServerRequests(text.slice(requests.start, requests.end));
  // Without both the same call would be made again and again.
  if (
    serverRequests === undefined ||
    /* guard: rounds/nothing-asked */ (serverRequests.length === 0 && state === undefined)
  )
    return undefined;
  return {
    serverRequests,
    state:
      state === undefined ? undefined : /* guard: rounds/state-exact */ text.slice(state.start, state.end),
  };
}

function readServerRequests(json: string): InputRequired['serverRequests'] | undefined {
  const root = objectIn(json);
  if (root === undefined || /* guard: rounds/questions */ root.members.length > MAX_QUESTIONS)
    return undefined;
  const serverRequests = root.members.map((member) => {
    const text = json.slice(member.start, member.end);
    const entry = objectIn(text);
    const method = stringMember(text, entry, 'method');
    const params = memberOf(entry, 'params');
    if (method === undefined || (params !== undefined && text.charCodeAt(params.start) !== 0x7b))
      return undefined;
    return {
      key: member.key,
      method,
      params: params === undefined ? '' : text.slice(params.start, params.end),
    };
  });
  const known = serverRequests.filter((serverRequest) => serverRequest !== undefined);
  return known.length === serverRequests.length ? known : undefined;
}

/**
 * Parameters of a question for a legacy client.
 *
 * @param elicitationId - For an elicitation by URL that has none: the era before requires one.
 */
export function toLegacyServerRequest({ method, params }: ServerRequest, elicitationId: string): string {
  const root = isUrlElicitation({ method, params }) ? objectIn(params) : undefined;
  if (root === undefined || memberOf(root, 'elicitationId') !== undefined) return params;
  return applyEdits(params, [setMember(root, 'elicitationId', JSON.stringify(elicitationId))]);
}

/** Whether the user is to visit an address. */
export function isUrlElicitation({ method, params }: ServerRequest): boolean {
  return method === 'elicitation/create' && stringMember(params, objectIn(params), 'mode') === 'url';
}

/**
 * The parameters of the next round.
 *
 * @param params - JSON of the first request's.
 * @param answers - JSON of each result, by the key of its server request; none means that there were no
 * server requests.
 * @param state - The JSON string as it came; what did not come is not sent.
 */
export function withAnswers(
  params: string,
  answers: ReadonlyMap<string, string>,
  state: string | undefined,
): string {
  const root = objectIn(params);
  if (root === undefined) return params;
  const members = [...answers].map(([key, json]) => `${JSON.stringify(key)}:${json}`);
  const added: [string, string][] = [];
  if (answers.size > 0) added.push(['inputResponses', `{${members.join(',')}}`]);
  if (state !== undefined) added.push(['requestState', state]);
  return applyEdits(params, setMembers(root, added));
}
