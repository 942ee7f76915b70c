import type { UpstreamSecrets } from './secrets/secret-reference.ts';
import type { LifecycleSettings } from './lifecycle-settings.ts';
import type { RoutingSettings } from './routing-settings.ts';
import type { Millis } from './clock.ts';
import type { DialTarget } from './transport/channel-dialer.ts';
import type { OpenChannel } from './transport/message-channel.ts';

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

/**
 * Names of tools as their server calls them; `*` stands for any text. What is not selected is hidden and
 * refused.
 */
export interface ToolSelection {
  /** All when absent. */
  readonly allowed?: readonly string[];
  /** Wins over `allowed`. */
  readonly hidden: readonly string[];
}

/** A folder as MCP names it. */
export interface Root {
  /** A `file:` URI. */
  readonly uri: string;
}

/** How Omni finds out whether a server lives that is connected (X002-06). */
export interface HealthProbe {
  /**
   * `ping`: by `ping`, or `server/discover` in the modern era. `http`: by a path of the server, which has to
   * answer 2xx. `capability`: by reading a list that the server says it has. `tool`: by calling a tool, whose
   * own failure is an answer, too. `resource`: by reading one. `comprehensive`: by ping, list, tool and
   * resource in turn, all of them within the time of one probe; a tool or resource that is not given is left
   * out.
   */
  readonly strategy: 'ping' | 'http' | 'capability' | 'tool' | 'resource' | 'comprehensive';
  /** Of `http`: begins with a slash. Default: `/`. */
  readonly path?: string;
  /** Of `tool` and `comprehensive`. */
  readonly tool?: {
    /** As its server calls it. */
    readonly name: string;
    /** A JSON object. */
    readonly arguments: string;
  };
  /** Of `resource` and `comprehensive`: what is read. */
  readonly uri?: string;
}

/** What a replica takes of the calls of its group. */
export interface ReplicaSettings {
  /** The server of which it is a replica, which is none itself. */
  readonly of: string;
  /** Its part, above 0; that of the server is 1. */
  readonly weight: number;
  /** The share of all calls that it gets, and no more, below 1. Default: as its weight says. */
  readonly canary?: number;
}

/** One configured upstream, every setting present. */
export interface UpstreamSpec {
  /** Unique; matches `[A-Za-z0-9][A-Za-z0-9._-]{0,31}`. */
  readonly name: string;
  readonly enabled: boolean;
  /** Why it is not enabled, when it is not. */
  readonly disabledReason?: string;
  /**
   * What is wrong with its entry in the configuration, and where, when that is why it is not enabled: for
   * those who may see the details of its health, not for callers.
   */
  readonly flaw?: string;
  /** Forced revision, or `auto`: found by probing. */
  readonly protocol: 'auto' | 'legacy' | '2026-07-28';
  /**
   * Who shares a legacy instance (a process or connection). Modern upstreams are always shared: every request
   * stands alone.
   *
   * - `auto`: all clients without capabilities that a server can make use of share one; of the others each
   *   session has its own, and so have equal clients of one principal in the modern era.
   * - `shared`: all clients share one, which is told no client capabilities: the server asks nobody.
   * - `per-user`: clients of one principal and era with equal capabilities share one, sessions too.
   * - `per-session`: each session has its own; modern clients, which have none, are as with `per-user`.
   * - `per-request`: every request has one that ends with its answer, and a task with it; a call that waits
   *   for its client keeps it. Subscriptions are on the shared one.
   */
  readonly instances: 'auto' | 'shared' | 'per-user' | 'per-session' | 'per-request';
  /**
   * Where the upstream learns in which folders it may work (`roots/list`). Absent: from nobody, it has its
   * own settings.
   *
   * - `pass`: from its clients. A client may name any folder of the machine that the upstream runs on, and
   *   many servers take what it names as leave to read and write there.
   * - A list: from Omni, which answers with these folders; legacy upstreams only, no client is asked.
   */
  readonly roots?: 'pass' | readonly Root[];
  readonly connectTimeoutMs: number;
  /** Longest silence of a call; progress resets it. */
  readonly callTimeoutMs: number;
  /** Longest duration of a call, progress or not. */
  readonly maxCallTimeMs: number;
  /**
   * How old its lists may become before they are read again for somebody who asks, in milliseconds, where it
   * does not say so itself (`ttlMs`); 5,000 at least. Default: 60,000.
   */
  readonly listAgeMs?: number;
  /** When it is tried again, and when no more. Default: {@link DEFAULT_LIFECYCLE}. */
  readonly lifecycle?: LifecycleSettings;
  /** How calls to it are routed. Default: {@link DEFAULT_ROUTING}. */
  readonly routing?: RoutingSettings;
  /** Of a server that is another one once more; clients see that one alone. Default: it is no replica. */
  readonly replica?: ReplicaSettings;
  /**
   * Exit codes with which its program says that it cannot run as it is configured: it is not started again
   * before its definition or its credentials are others. Default: none.
   */
  readonly permanentExitCodes?: readonly number[];
  /** Whether readiness waits for it. */
  readonly critical: boolean;
  /** How it is probed; when, and how long that may take, is in {@link lifecycle}. Default: `ping`. */
  readonly health?: HealthProbe;
  /**
   * `on-demand`: it is started by the first call, and once before where nobody knows yet what it lists.
   * Default: `eager`.
   */
  readonly start?: 'eager' | 'on-demand';
  /**
   * How long nobody has to need it before it is stopped until the next call. Default: never; a minute where
   * it starts on demand.
   */
  readonly idleStopMs?: Millis;
  readonly transport: UpstreamTransport;
  /**
   * Headers and variables beside those of {@link transport} that hold secrets; the credential provider fills
   * them in. Default: none.
   */
  readonly secrets?: UpstreamSecrets;
  /** Which of its tools clients may see and call. Default: all. */
  readonly tools?: ToolSelection;
  /** Values that must never be printed. */
  readonly secretValues: readonly string[];
}
