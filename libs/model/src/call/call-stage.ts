import type { Era, UpstreamSpec } from '@omni/ports';
import type { UpstreamConnection } from './upstream-call.ts';

/** Sends one call: what a connection does, with or without stages before it. */
export type SendCall = UpstreamConnection['send'];

/**
 * One process or connection of an upstream. All connections to the same instance have the same object, so
 * that a stage can keep the state of an instance in a `WeakMap`: nothing has to be removed when the instance
 * is gone.
 */
export interface InstanceIdentity {
  /** For people; unique among the instances of one upstream that are open. */
  readonly key: string;
}

/** Calls that stages hold back for one connection: it is not left while there are any. */
export interface HeldCalls {
  count: number;
}

/** What a stage knows of the connection that it stands before. */
export interface ConnectionFacts {
  readonly upstream: string;
  readonly era: Era;
  readonly transport: UpstreamSpec['transport']['kind'];
  readonly instance: InstanceIdentity;
  /** The definition that the connection was opened by. */
  readonly spec: UpstreamSpec;
  /** Counted by stages in which calls wait. Absent where nobody asks. */
  readonly held?: HeldCalls;
}

/**
 * Something that each call passes on its way to a connection, such as a limit. A stage returns `next` itself
 * where it has nothing to do, which costs nothing.
 *
 * It is applied to every connection, and again when the chains are rebuilt; a connection may serve a single
 * call. Its state therefore belongs to the instance, upstream, capability or principal that it is about, and
 * never to one application. The rules of {@link UpstreamConnection.send} hold for what it returns. A stage
 * that has to read answers vetoes `allowPassthrough` before sending.
 */
export type CallStage = (next: SendCall, at: ConnectionFacts) => SendCall;

/** @param stages - The first one sees a call first, and its end last. @param raw - Sends past all of them. */
export function compose(stages: readonly CallStage[], raw: SendCall, at: ConnectionFacts): SendCall {
  return stages.reduceRight((next, stage) => stage(next, at), raw);
}
