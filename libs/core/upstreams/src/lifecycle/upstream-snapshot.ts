import type { UpstreamRecord } from '@omni/model';
import type { Era } from '@omni/ports';
import type { ConnectionCounters } from '../connection/open-connection.ts';

/** What is so at the moment: plain data. */
export interface UpstreamFacts {
  /** Whether the shared connection is open; that of one that is draining still is. */
  readonly hasConnection: boolean;
  /** Whether new calls are taken. */
  readonly mayBeCalled: boolean;
  /** That of the shared connection. */
  readonly era: Era | null;
  /** Calls under way on the shared connection. */
  readonly inFlight: number;
  /** What was dropped on the shared connection. */
  readonly counters: Readonly<ConnectionCounters> | null;
  /** Instances that not all clients share. */
  readonly instances: number;
  /** Resources that are watched. */
  readonly subscriptions: number;
}

/** An upstream as observers see it: plain data, free of secrets. */
export interface UpstreamSnapshot {
  readonly name: string;
  readonly record: UpstreamRecord;
  readonly facts: UpstreamFacts;
}
