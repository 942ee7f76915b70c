import type { JsonLimits } from '@omni/jsonrpc';

/** What one upstream may use up, and all of them together. */
export interface UpstreamLimits {
  /** Instances of one upstream that belong to sessions. Default 64. */
  readonly maxInstances: number;
  /** Longest message from an upstream, in bytes. Default 16 MiB. */
  readonly maxUpstreamMessageBytes: number;
  /** Bytes that unfinished messages of all upstreams may keep alive together. Default 256 MiB. */
  readonly maxUnfinishedBytes: number;
  /** Requests of an upstream to clients that wait for an answer, per connection. Default 64. */
  readonly maxServerRequests: number;
  /** Resources that are watched at one upstream. Default 1,000. */
  readonly maxSubscriptions: number;
}

export const DEFAULT_UPSTREAM_LIMITS: UpstreamLimits = {
  maxInstances: 64,
  maxUpstreamMessageBytes: 16 * 1024 * 1024,
  maxUnfinishedBytes: 256 * 1024 * 1024,
  maxServerRequests: 64,
  maxSubscriptions: 1_000,
};

/** Messages of upstreams are trusted further than those of clients: bytes are limited already. */
export const UPSTREAM_JSON_LIMITS: JsonLimits = { maxDepth: 512, maxElements: 2_000_000 };
