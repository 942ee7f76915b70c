import type { ComponentStatus } from './component-status.ts';
import type { GatewayError } from './errors/gateway-error.ts';
import type { UpstreamSpec } from './upstream-spec.ts';

/**
 * Values of headers or of environment variables by name. Never changed: values that differ are another
 * object.
 */
export type CredentialValues = Readonly<Record<string, string>>;

/**
 * What proves Omni to upstreams, where the configuration cannot say it for good: tokens that expire, a store
 * of secrets.
 *
 * The values are laid over those of the configuration, name by name. They are asked for whenever they are
 * used, so both methods answer at once, never throw, and give the same object until something has changed:
 * comparing two objects is how a change is noticed.
 */
export interface CredentialProvider {
  /**
   * Told which upstreams there are to be, before they are. Absent: they need no word of it.
   *
   * @returns Settles when values are there for those that are new, or cannot be had.
   */
  define?(upstreams: readonly UpstreamSpec[]): Promise<void>;
  /**
   * Why there are no whole credentials for an upstream, so that no connection is opened; `undefined` where
   * there are. Absent: always.
   */
  lack?(upstream: string): GatewayError | undefined;
  /** How well it is, for the page of health. Absent: nothing can be wrong. */
  getStatus?(): ComponentStatus;
  /** Headers for every request to an upstream over HTTP, and for the upgrade to a WebSocket. */
  headers(upstream: string): CredentialValues;
  /** Variables for the environment of an upstream's process. */
  environment(upstream: string): CredentialValues;
  /**
   * Those of the values in force, or parts of them, that are secrets whatever they are called: they are kept
   * out of everything that is printed. The same list until it changes. Absent: names and looks decide.
   */
  secretValues?(upstream: string): readonly string[];
  /**
   * The upstream has answered 401: is there something newer? Called once at a time for an upstream, but for
   * as many refusals as there are: who asks elsewhere limits how often.
   *
   * @param refused - What {@link headers} gave.
   * @param signal - Nobody waits any more.
   * @returns Settles when the newer values are in force or there are none; `undefined` when there is nobody
   * to ask.
   */
  refresh(upstream: string, refused: CredentialValues, signal: AbortSignal): Promise<void> | undefined;
  /**
   * @param listener - Told the upstream whose values have changed; the new ones are in force by then.
   * @returns Ends it.
   */
  subscribe(listener: (upstream: string) => void): () => void;
  /** The gateway has stopped: nobody asks any more. May be called twice. Absent: there is nothing to end. */
  close?(): void;
}

const NO_VALUES: CredentialValues = Object.freeze({});

/** Adds nothing: the values of the configuration hold for good. */
export const configuredCredentials: CredentialProvider = {
  headers: () => NO_VALUES,
  environment: () => NO_VALUES,
  refresh: () => undefined,
  subscribe: () => () => {},
};
