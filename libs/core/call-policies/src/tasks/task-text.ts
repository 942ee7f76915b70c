import { errorText } from '@omni/jsonrpc';
import type { GatewayError, KeptOutcome, Millis } from '@omni/ports';

/** From one look of a client at its task to the next. */
const POLL_MS = 1_000;

/** A task from its beginning. */
export interface TaskFacts {
  /** As its client knows it. */
  readonly id: string;
  readonly begunAt: Millis;
  /** Nobody asks for it from then on. */
  readonly keptUntil: Millis;
}

/** How a task has ended. Members are JSON. */
export type TaskEnd = { readonly at: Millis } & (
  | { readonly status: 'completed'; readonly result: string }
  | { readonly status: 'failed'; readonly error: string }
  | { readonly status: 'cancelled' }
);

/** How a task is. `requests` and `state`: what the server asks for, and what the answer brings back; JSON. */
export type TaskState =
  | TaskEnd
  | { readonly at: Millis; readonly status: 'working' }
  | {
      readonly at: Millis;
      readonly status: 'input_required';
      readonly requests: string;
      readonly state: string;
    };

/** The result of the call that has become a task. */
export function createdTask(facts: TaskFacts): string {
  return `{"resultType":"task",${members(facts, { status: 'working', at: facts.begunAt })}}`;
}

/** The result of `tasks/get`. */
export function shownTask(facts: TaskFacts, state: TaskState): string {
  const head = `"resultType":"complete",${members(facts, state)}`;
  switch (state.status) {
    case 'completed':
      return `{${head},"result":${state.result}}`;
    case 'failed':
      return `{${head},"error":${state.error}}`;
    case 'input_required':
      return `{${head},"inputRequests":${state.requests}}`;
    case 'cancelled':
    case 'working':
      return `{${head}}`;
  }
}

/** What {@link TaskEnd} has as the error of a task that Omni could not end otherwise. */
export function errorJson(error: GatewayError): string {
  return errorText('null', error).slice('{"jsonrpc":"2.0","id":null,"error":'.length, -1);
}

export function keptEnd(end: TaskEnd): KeptOutcome {
  if (end.status !== 'completed') return { outcome: JSON.stringify(end), payload: null };
  const { result, ...facts } = end;
  return { outcome: JSON.stringify(facts), payload: new TextEncoder().encode(result) };
}

/** What {@link keptEnd} has kept. */
export function endOf({ outcome, payload }: KeptOutcome): TaskEnd {
  // Holds: written by `keptEnd` alone.
  const facts = JSON.parse(outcome) as Exclude<TaskEnd, { status: 'completed' }>;
  return payload === null
    ? facts
    : { at: facts.at, status: 'completed', result: new TextDecoder().decode(payload) };
}

/** @see MCP 2026-07-28, extension io.modelcontextprotocol/tasks, `Task`. */
function members({ id, begunAt, keptUntil }: TaskFacts, { status, at }: Pick<TaskState, 'status' | 'at'>) {
  const times = `"createdAt":"${timeText(begunAt)}","lastUpdatedAt":"${timeText(at)}"`;
  return `"taskId":"${id}","status":"${status}",${times},"ttlMs":${keptUntil - begunAt},"pollIntervalMs":${POLL_MS}`;
}

function timeText(at: Millis): string {
  return new Date(at).toISOString();
}
