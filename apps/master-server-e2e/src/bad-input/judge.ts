import { GATEWAY_ERRORS, type GatewayErrorCode } from '@omni/ports';
import { jsonOf } from './answer-text.ts';
import type { HttpAnswer, Observation } from './raw-http.ts';
import type { Expectation } from './row.ts';

interface ErrorBody {
  readonly id?: unknown;
  readonly error?: {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly data?: Readonly<Record<string, unknown>> | null;
  };
}

/** @returns Why the observation is not what was expected; `undefined` when it is. */
export function judge(expectation: Expectation, observation: Observation): string | undefined {
  const [answer] = observation.answers;
  switch (expectation.kind) {
    case 'cut':
      return answer === undefined && observation.isClosed
        ? undefined
        : `expected the end of the connection, got ${shown(observation)}`;
    case 'any': {
      const problems = expectation.of.map((one) => judge(one, observation));
      return problems.includes(undefined) ? undefined : problems.join(' and ');
    }
    case 'served':
      return answer?.status === expectation.status && errorIn(answer) === undefined
        ? undefined
        : `expected status ${expectation.status}, got ${shown(observation)}`;
    case 'exact':
      return answer?.status === 200 && answer.body.includes(expectation.text)
        ? undefined
        : `expected ${excerpt(expectation.text)} unchanged, got ${shown(observation)}`;
    case 'refused-behind': {
      const code = answer === undefined ? undefined : errorIn(answer)?.error?.code;
      return expectation.rpcCodes.some((one) => one === code)
        ? undefined
        : `expected ${expectation.rpcCodes.join(' or ')} from the server, got ${shown(observation)}`;
    }
    case 'refused':
      return judgeRefusal(expectation, observation);
  }
}

function judgeRefusal(
  expectation: Extract<Expectation, { kind: 'refused' }>,
  observation: Observation,
): string | undefined {
  const [answer] = observation.answers;
  const wanted = expectation.codes.join(' or ');
  if (answer === undefined) return `expected ${wanted}, got ${shown(observation)}`;
  const undocumented = documentProblem(answer);
  if (undocumented !== undefined) return undocumented;
  const body = errorIn(answer);
  const code = body?.error?.data?.['code'];
  if (!expectation.codes.some((one) => one === code)) return `expected ${wanted}, got ${shown(observation)}`;
  if (expectation.id !== undefined && JSON.stringify(body?.id) !== expectation.id)
    return `expected the id ${expectation.id}, got ${shown(observation)}`;
  for (const key of expectation.data ?? [])
    if (body?.error?.data?.[key] === undefined) return `expected data.${key}, got ${shown(observation)}`;
  return expectation.isCut === true && !observation.isClosed
    ? `the connection was left open after ${shown(observation)}`
    : undefined;
}

/**
 * Whether an error of Omni's own says what the error table says of it: JSON-RPC code, HTTP status (200 in
 * legacy sessions, where statuses speak of the transport only), a message and a hint.
 */
export function documentProblem(answer: HttpAnswer): string | undefined {
  const error = errorIn(answer)?.error;
  if (error === undefined)
    return answer.status >= 400
      ? `status ${answer.status} without a JSON-RPC error: ${excerpt(answer.body.toString())}`
      : undefined;
  const code = error.data?.['code'];
  if (!isDocumented(code))
    return answer.status === 200
      ? undefined
      : `"${String(code)}" is no documented code: ${excerpt(answer.body.toString())}`;
  const facts = GATEWAY_ERRORS[code];
  if (error.code !== facts.jsonRpcCode)
    return `${code} came with ${String(error.code)}, documented is ${facts.jsonRpcCode}`;
  if (answer.status !== facts.httpStatus && answer.status !== 200)
    return `${code} came with status ${answer.status}, documented is ${facts.httpStatus}`;
  const isComplete =
    typeof error.message === 'string' && error.message !== '' && typeof error.data?.['hint'] === 'string';
  return isComplete ? undefined : `${code} came without a cause or a hint`;
}

function isDocumented(code: unknown): code is GatewayErrorCode {
  return typeof code === 'string' && Object.hasOwn(GATEWAY_ERRORS, code);
}

function errorIn(answer: HttpAnswer): ErrorBody | undefined {
  try {
    const parsed: unknown = JSON.parse(jsonOf(answer));
    const holdsError =
      typeof parsed === 'object' &&
      parsed !== null &&
      'error' in parsed &&
      typeof parsed.error === 'object' &&
      parsed.error !== null;
    // Its members are checked where they are used.
    return holdsError ? (parsed as ErrorBody) : undefined;
  } catch {
    return undefined;
  }
}

function shown({ answers, isClosed }: Observation): string {
  const [answer] = answers;
  if (answer === undefined) return isClosed ? 'a closed connection without an answer' : 'no answer';
  return `${answer.status} ${excerpt(answer.body.toString())}`;
}

function excerpt(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
