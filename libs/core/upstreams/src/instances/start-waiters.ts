import { GatewayError, type Principal, type UpstreamSpec } from '@omni/ports';
import type { ConnectionContext, OpenConnection } from '../connection/open-connection.ts';

/** Someone who wants a connection as soon as the upstream is ready. */
export interface StartWaiter {
  /** Whose place it holds. */
  readonly principal: Principal;
  readonly onReady: (primary: OpenConnection) => void;
  readonly onFailure: (error: GatewayError) => void;
}

interface Waiting extends StartWaiter {
  /** It waits no longer: stops its timer and gives its place back. */
  readonly end: () => void;
}

/** Longest wait of a call for an upstream that is starting. */
const MAX_START_WAIT_MS = 10_000;

/** Those who wait for an upstream that is starting; each holds a place among its calls. */
export class StartWaiters {
  readonly #spec: UpstreamSpec;
  readonly #context: ConnectionContext;
  /** By their first listener, whom only one of them has. */
  readonly #waiting = new Map<StartWaiter['onReady'], Waiting>();

  constructor(spec: UpstreamSpec, context: ConnectionContext) {
    this.#spec = spec;
    this.#context = context;
  }

  add(waiter: StartWaiter): void {
    const { onReady, onFailure } = waiter;
    const { name, connectTimeoutMs } = this.#spec;
    const release = this.#context.chains.holdPlace(this.#spec, waiter.principal);
    // guard: restart/waiting
    if (release instanceof GatewayError) return onFailure(release);
    const waitMs = /* guard: restart/start-wait */ Math.min(connectTimeoutMs, MAX_START_WAIT_MS);
    const cancelTimer = this.#context.clock.after(waitMs, () => {
      this.withdraw(onReady);
      onFailure(
        new GatewayError(
          'OMNI_UPSTREAM_STARTING',
          `"${name}" has not finished starting within ${waitMs / 1_000} s`,
        ),
      );
    });
    const waiting: Waiting = {
      ...waiter,
      end: () => {
        cancelTimer();
        // guard: restart/place-back
        release();
      },
    };
    this.#waiting.set(onReady, waiting);
  }

  /** Its place is free again, and neither listener is told. */
  withdraw(onReady: StartWaiter['onReady']): void {
    this.#waiting.get(onReady)?.end();
    this.#waiting.delete(onReady);
  }

  /** Takes them out one after the other; none holds its place when it comes. */
  *takeAll(): Iterable<StartWaiter> {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of all) {
      waiting.end();
      yield waiting;
    }
  }

  fail(error: GatewayError): void {
    for (const { onFailure } of this.takeAll()) onFailure(error);
  }
}
