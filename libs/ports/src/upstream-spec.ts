import type { DialTarget } from './channel-dialer.ts';
import type { OpenChannel } from './message-channel.ts';

/** Protocol era: `legacy` up to 2025-11-25 (`initialize`, sessions), `modern` from 2026-07-28 (stateless). */
export type Era = 'legacy' | 'modern';

/** How an upstream is reached. */
export type UpstreamTransport =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
    }
  | { readonly kind: 'http'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  /** HTTP+SSE, the transport of 2024-11-05; with `http` it is found too, where nothing newer is spoken. */
  | { readonly kind: 'sse'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  | DialTarget
  /** A server in the same process; each call opens a new instance. */
  | { readonly kind: 'channel'; readonly open: OpenChannel };

/** One configured upstream, every setting present. */
export interface UpstreamSpec {
  /** Unique; matches `[A-Za-z0-9][A-Za-z0-9._-]{0,31}`. */
  readonly name: string;
  readonly enabled: boolean;
  /** Why it is not enabled, when it is not. */
  readonly disabledReason?: string;
  /** Forced revision, or `auto`: found by probing. */
  readonly protocol: 'auto' | 'legacy' | '2026-07-28';
  /**
   * Who shares a legacy instance. `auto`: clients without capabilities that a server can make use of share one, each session with
   * capabilities gets its own, and so do equal clients of one principal in the modern era. Modern upstreams are always shared: every request stands alone.
   */
  readonly instances: 'auto' | 'shared' | 'per-session';
  readonly connectTimeoutMs: number;
  /** Longest silence of a call; progress resets it. */
  readonly callTimeoutMs: number;
  /** Longest duration of a call, progress or not. */
  readonly maxCallTimeMs: number;
  /** Whether readiness waits for it. */
  readonly critical: boolean;
  readonly transport: UpstreamTransport;
  /** Values that must never be printed. */
  readonly secretValues: readonly string[];
}
