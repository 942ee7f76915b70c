import type { Era, QuotaSettings, RateSettings, RoutingSettings } from '@omni/ports';
import type { TopicName } from './topics/topic-name.ts';

/** What a server makes of one attempt. `afterMs` is from its arrival to what happens then. */
export type Mood =
  | { readonly kind: 'answer' | 'error' | 'tool-error'; readonly afterMs: number }
  | { readonly kind: 'silence' }
  /** Of HTTP. */
  | {
      readonly kind: 'status';
      readonly afterMs: number;
      readonly status: number;
      readonly retryAfterS?: number;
    }
  /**
   * The connection breaks, or the process ends: before a byte of the answer, in its midst, or behind an event
   * of its stream.
   */
  | { readonly kind: 'cut'; readonly afterMs: number; readonly at: 'request' | 'body' | 'stream' };

/** `act` says nothing of itself, `look` that it reads, `again` that it may be repeated; `ask` is a prompt. */
export const CAPABILITIES = ['act', 'look', 'again', 'ask'] as const;

export type Capability = (typeof CAPABILITIES)[number];

export interface PlannedCall {
  readonly id: string;
  readonly atMs: number;
  readonly client: string;
  readonly upstream: string;
  readonly capability: Capability;
  readonly wantsProgress: boolean;
  /** What it asks for: calls with the same are equal. Default: its id. */
  readonly token?: string;
  /** Its idempotency key. */
  readonly key?: string;
  /** When its client gives it up, from its beginning; absent: never. */
  readonly cancelAfterMs?: number;
  /** Of its attempts, in the order in which they arrive; the last one of all further ones. */
  readonly moods: readonly Mood[];
}

export interface PlannedUpstream {
  readonly name: string;
  readonly transport: 'http' | 'stdio';
  readonly era: Era;
  readonly callTimeoutMs: number;
  readonly routing: RoutingSettings;
  /** When it refuses connections; of HTTP. */
  readonly away: readonly { readonly fromMs: number; readonly forMs: number }[];
  /** What it makes of every attempt in a time, in place of what the calls say. Default: nothing. */
  readonly spells?: readonly { readonly fromMs: number; readonly forMs: number; readonly mood: Mood }[];
  /** Whose calls it takes. */
  readonly replica?: { readonly of: string; readonly weight?: number };
  /** Whether each session has a process of its own; of stdio. Default: all share one. */
  readonly isPerSession?: true;
}

export interface PlannedClient {
  readonly name: string;
  readonly user: string;
  readonly era: Era;
  /** Whether it knows tasks. Default: it does not. */
  readonly declaresTasks?: true;
}

export interface PlannedLimits {
  readonly maxUpstreamInFlight: number;
  readonly userRate?: RateSettings;
  readonly sessionRate?: RateSettings;
  readonly sessionQuota?: QuotaSettings;
}

/** Who calls what, when, and what becomes of it: plain data, which a seed makes and a file can hold. */
export interface PolicyPlan {
  readonly seed: number;
  readonly durationMs: number;
  /** Whether real processes run it as well. */
  readonly isForProcesses: boolean;
  /** The one policy that it is about. Default: those of all servers mixed. */
  readonly topic?: TopicName;
  /** When Omni is killed, to start again on what its store holds. Default: never. */
  readonly killsMs?: readonly number[];
  readonly limits: PlannedLimits;
  readonly upstreams: readonly PlannedUpstream[];
  readonly clients: readonly PlannedClient[];
  readonly calls: readonly PlannedCall[];
}

export const USERS = ['ada', 'bob', 'cyd'] as const;

/** @returns What the method and the parameters of a call are, the metadata aside. */
export function requestOf(call: PlannedCall): {
  readonly method: string;
  readonly name: string;
  readonly params: string;
} {
  const { upstream, capability } = call;
  const name = `${upstream}__${capability}`;
  const params = `"name":"${name}","arguments":{"token":"${askedBy(call)}"}`;
  return { method: capability === 'ask' ? 'prompts/get' : 'tools/call', name, params };
}

/** @returns What a call asks for. */
export function askedBy({ id, token = id }: PlannedCall): string {
  return token;
}
