import type { UpstreamRecord } from '@omni/model';
import type { Logger } from '@omni/ports';

/** Logs what an upstream becomes (S001-CO-06); what happens within a phase is for the health log. */
export class PhaseLog {
  readonly #upstream: string;
  readonly #logger: Logger;
  #phase: string;

  constructor(upstream: string, phase: string, logger: Logger) {
    this.#upstream = upstream;
    this.#phase = phase;
    this.#logger = logger;
  }

  note({ state, history }: UpstreamRecord): void {
    if (state.phase === this.#phase) return;
    this.#phase = state.phase;
    const facts = { upstream: this.#upstream };
    switch (state.phase) {
      case 'ready':
        return this.#logger.info({ ...facts, era: state.era }, 'server is up');
      case 'down': {
        const { error, circuit, nextAttemptAt, since } = state;
        const { consecutiveFailures } = history;
        return this.#logger.warn(
          {
            ...facts,
            code: error.code,
            attempts: consecutiveFailures,
            ...(circuit !== null && { circuit }),
            retryInMs: nextAttemptAt - since,
          },
          error.message,
        );
      }
      case 'login':
      case 'misconfigured':
        return this.#logger.warn(
          { ...facts, code: state.error.code, state: state.phase },
          state.error.message,
        );
      case 'disabled':
        return this.#logger.warn({ ...facts, by: state.by }, `server is switched off: ${state.reason}`);
      case 'starting':
      case 'asleep':
      case 'draining':
      case 'stopped':
        return this.#logger.debug({ ...facts, state: state.phase }, 'server has changed its state');
    }
  }
}
