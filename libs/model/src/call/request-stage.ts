import type { Millis } from '@omni/ports';
import type { CallContext } from './call-context.ts';
import type { ReplySink } from './reply-sink.ts';
import type { RunningCall } from './running-call.ts';

/** What a server says of a tool (MCP 2026-07-28, schema, `ToolAnnotations`), with the defaults there. */
export interface ToolHints {
  readonly isReadOnly: boolean;
  readonly isIdempotent: boolean;
  readonly isDestructive: boolean;
}

/** Of a tool of which nothing is said. */
export const NO_HINTS: ToolHints = { isReadOnly: false, isIdempotent: false, isDestructive: true };

/** A request that its view permits, and whose way is known. */
export interface RoutedRequest {
  readonly context: CallContext;
  /** When it came: monotonic. */
  readonly arrivedMs: Millis;
  /** Candidates, in order; one at least. */
  readonly upstreams: readonly string[];
  /** What is asked for, under the upstream's own name; `undefined` where the method says it all. */
  readonly name: string | undefined;
  /** Of a tool; absent for other methods. */
  readonly hints?: ToolHints | undefined;
  /** Whether the client wants to hear of its progress. */
  readonly wantsProgress: boolean;
  /** Whether it goes on with something that only this one instance knows, such as a task. */
  readonly isPinned: boolean;
  /** Whether its one candidate is the very replica that has what it goes on with. */
  readonly isAtReplica: boolean;
}

/** Where a request goes in place of the candidates that its name leads to. */
export type Destination =
  /** Replicas of them, in the same order. */
  | { readonly kind: 'replicas'; readonly upstreams: readonly string[] }
  /**
   * A tool or prompt of another server. @param upstream - A replica of `server`. @param name - Under that
   * server's own name. @param isMirror - Nobody waits for the answer: the client is not to hear of the call.
   */
  | {
      readonly kind: 'other';
      readonly server: string;
      readonly upstream: string;
      readonly name: string | undefined;
      readonly isMirror: boolean;
    };

/**
 * Runs a request once; what becomes of it is told to the reply, possibly before this has returned.
 *
 * @param to - Default: the candidates of the request.
 */
export type RunRequest = (reply: ReplySink, to?: Destination) => RunningCall;

/**
 * Something that each routed request passes before its attempts, such as a quota. A stage may run what
 * follows several times, or not at all; it returns `next` itself where it has nothing to do, and passes a
 * destination on that a stage before it has chosen.
 *
 * What is told to the reply is told in order, `settle` once and last, and nothing after a cancel.
 */
export type RequestStage = (request: RoutedRequest, next: RunRequest) => RunRequest;

/** @param stages - The first one sees a request first, and its end last. */
export function composeRequest(
  stages: readonly RequestStage[],
  request: RoutedRequest,
  run: RunRequest,
): RunRequest {
  return stages.reduceRight((next, stage) => stage(request, next), run);
}

/** Answers a request; what becomes of it is told to the reply. */
export type DispatchRequest = (context: CallContext, reply: ReplySink) => RunningCall;

/** Something that each request passes before its way is looked for, such as a rate of its user. */
export type DispatchStage = (next: DispatchRequest) => DispatchRequest;
