import type { CancelTimer, Clock, Random } from '@omni/ports';
import { transition } from './transition.ts';
import type { UpstreamCommand, UpstreamEvent, UpstreamState } from './upstream-state.ts';

/** What the commands of the life cycle do to the connections of an upstream. */
export interface UpstreamActions {
  /** Reports `connected` or `connectFailed`, never before this returns. */
  connect(): void;
  abort(): void;
  /** Reports `drained`, never before this returns. */
  drain(): void;
  close(): void;
}

export interface UpstreamRuntimeOptions {
  readonly state: UpstreamState;
  readonly clock: Clock;
  readonly random: Random;
  readonly actions: UpstreamActions;
  /** Told after the commands were executed; it may report further events. */
  readonly onChanged: (state: UpstreamState) => void;
}

/**
 * Owns the record of one upstream as long as nobody else does: applies the life cycle to it, and executes its
 * commands.
 */
export class UpstreamRuntime {
  readonly #options: UpstreamRuntimeOptions;
  #state: UpstreamState;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: UpstreamRuntimeOptions) {
    this.#options = options;
    this.#state = options.state;
  }

  get state(): UpstreamState {
    return this.#state;
  }

  report(event: UpstreamEvent): void {
    const { clock, random, onChanged } = this.#options;
    const before = this.#state;
    const { state, commands } = transition(before, event, { now: clock.now(), random: random() });
    this.#state = state;
    for (const command of commands) this.#execute(command);
    if (state !== before) onChanged(state);
  }

  #execute(command: UpstreamCommand): void {
    const { clock, actions } = this.#options;
    switch (command.kind) {
      case 'schedule':
        this.#cancelTimer?.();
        this.#cancelTimer = clock.after(Math.max(0, command.at - clock.now()), () => {
          this.#cancelTimer = undefined;
          this.report({ kind: 'due' });
        });
        return;
      case 'unschedule':
        this.#cancelTimer?.();
        this.#cancelTimer = undefined;
        return;
      case 'connect':
        return actions.connect();
      case 'abort':
        return actions.abort();
      case 'drain':
        return actions.drain();
      case 'close':
        return actions.close();
    }
  }
}
