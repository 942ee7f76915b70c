import { Buffer } from 'node:buffer';
import { echoText, tokenOf } from './echo-tool.ts';
import type { Dialect } from './target.ts';

const EDGE_BYTES = 1_024;
const SAMPLE_EVERY = 64;
const REFUSAL = /"OMNI_(?:OVERLOADED|QUEUE_FULL|RATE_LIMITED|QUOTA_USED_UP|MEMORY_FULL)"/;

/** What an answer must be. */
export interface ExpectedAnswer {
  readonly dialect: Dialect;
  readonly id: number;
  /** Size of the result's text. */
  readonly bytes: number;
}

/** What is wrong with an answer, as a word to count by; `undefined` for a right one. */
export type AnswerFault = 'status' | 'size' | 'id' | 'token' | 'content';

/** Checks status, size, id and token of every answer, and of every 64th the whole text as well. */
export function faultOfAnswer(
  head: string,
  body: readonly Buffer[],
  expected: ExpectedAnswer,
): AnswerFault | undefined {
  return isSuccess(head) ? faultOfBody(body, expected) : 'status';
}

/** The same of an answer without a status. */
export function faultOfBody(body: readonly Buffer[], expected: ExpectedAnswer): AnswerFault | undefined {
  const size = body.reduce((sum, chunk) => sum + chunk.length, 0);
  if (size < expected.bytes) return 'size';
  const edges = edgesOf(body, size);
  if (expected.dialect !== 'rest' && !edges.includes(`"id":${expected.id}`)) return 'id';
  const token = tokenOf(expected.id);
  if (!edges.includes(`"${token}:`)) return 'token';
  if (
    expected.id % SAMPLE_EVERY === 0 &&
    textOfAnswer(Buffer.concat(body).toString()) !== echoText(token, expected.bytes)
  )
    return 'content';
  return undefined;
}

/** Whether an answer that is not right says that a limit of Omni has refused the call. */
export function isRefusal(body: readonly Buffer[]): boolean {
  return REFUSAL.test(Buffer.concat(body).toString('latin1'));
}

/** Checks status, id and the exact size of a list; `bytes` is that of the whole answer. */
export function faultOfList(
  head: string,
  body: readonly Buffer[],
  expected: ExpectedAnswer,
): AnswerFault | undefined {
  if (!isSuccess(head)) return 'status';
  const size = body.reduce((sum, chunk) => sum + chunk.length, 0);
  if (size !== expected.bytes) return 'size';
  return edgesOf(body, size).includes(`"id":${expected.id}`) ? undefined : 'id';
}

/** The JSON of an answer that came plain or as one event of a stream; `undefined` when there is none. */
export function jsonOfAnswer(body: string): unknown {
  const text = body.startsWith('{') ? body : lastEventData(body);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A JSON-RPC answer, or the wrapper of a REST route, reduced to its result. */
export function resultOfAnswer(json: unknown): unknown {
  return isRecord(json) ? json['result'] : undefined;
}

function isSuccess(head: string): boolean {
  return head.startsWith('200', head.indexOf(' ') + 1);
}

function textOfAnswer(body: string): unknown {
  const result = resultOfAnswer(jsonOfAnswer(body));
  const content = isRecord(result) ? result['content'] : undefined;
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  return isRecord(first) ? first['text'] : undefined;
}

function lastEventData(body: string): string | undefined {
  return body
    .split('\n')
    .findLast((line) => line.startsWith('data:') && line.includes('{'))
    ?.slice('data:'.length);
}

function edgesOf(body: readonly Buffer[], size: number): string {
  const [first] = body;
  if (first === undefined) return '';
  if (body.length === 1 && size <= 2 * EDGE_BYTES) return first.toString('latin1');
  const whole =
    body.length > 1 && (first.length < EDGE_BYTES || (body.at(-1)?.length ?? 0) < EDGE_BYTES)
      ? Buffer.concat(body)
      : undefined;
  const start = whole ?? first;
  const end = whole ?? body.at(-1) ?? first;
  return (
    start.toString('latin1', 0, Math.min(EDGE_BYTES, start.length)) +
    end.toString('latin1', Math.max(0, end.length - EDGE_BYTES), end.length)
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
