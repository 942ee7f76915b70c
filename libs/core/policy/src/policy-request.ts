import type { ToolHints } from '@omni/model';
import type { Principal } from '@omni/ports';
import type { Effect, TargetKind, Tier } from './document/policy-schema.ts';

/**
 * Who asks, and what an identity provider says of them. Groups and claims that are another object than before
 * are looked at anew, which takes ten times as long.
 */
export interface PolicyPrincipal extends Pick<Principal, 'id' | 'kind'> {
  readonly groups?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** What is called, or could be. */
export interface PolicyTarget {
  readonly kind: TargetKind;
  /** Server of the configuration; `''` for a management operation that is about none. */
  readonly server: string;
  /** Name, URI or method as the server calls it; `omni:area.act` for an operation. */
  readonly name: string;
  /** Of the server. Default: `default`. */
  readonly tenant?: string;
  /** Annotations of a tool. */
  readonly hints?: ToolHints | undefined;
  /** Whether the annotations count: the server is trusted, and they are approved. Default: they do not. */
  readonly trustsHints?: boolean;
}

/** One call. */
export interface PolicyRequest {
  readonly principal: PolicyPrincipal;
  readonly target: PolicyTarget;
  /** JSON of an object. Default: none. */
  readonly argumentsText?: string | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What the answer rests on. */
export type Layer =
  /** There is no policy. */
  | 'none'
  /** The principal has no role in the tenant of the server. */
  | 'tenant'
  /** A rule. */
  | 'rule'
  /** A condition that failed, or that would cost too much. */
  | 'condition'
  /** Arguments that no condition can judge: keys that stand twice, numbers that are not exact. */
  | 'arguments'
  /** No rule allows it. */
  | 'default';

export interface Decision {
  readonly effect: Effect;
  readonly layer: Layer;
  /** Id of the rule that decided. */
  readonly rule?: string;
  /** One sentence for the operator; it names rules, and nothing of the arguments but a key. */
  readonly why: string;
  readonly tier: Tier;
  /** Of `ask`: `user`, or a role. */
  readonly approver?: string;
}
