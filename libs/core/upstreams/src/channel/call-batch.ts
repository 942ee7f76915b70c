import type { CancelTimer, Clock, RoutingSettings } from '@omni/ports';
import type { ChannelCall } from './channel-call.ts';

export interface CallBatchOptions {
  readonly clock: Pick<Clock, 'after'>;
  /** Sends one message, and tells the calls in it what has become of it. */
  readonly send: (text: string, calls: readonly ChannelCall[]) => void;
}

/** In characters: what takes long to write holds nobody up. */
const LONGEST_REQUEST = 16_384;

/** Small requests that are sent together, as servers of revision 2025-03-26 take them. */
export class CallBatch {
  readonly #options: CallBatchOptions;
  readonly #texts = new Map<ChannelCall, string>();
  #cancelTimer: CancelTimer | undefined;

  constructor(options: CallBatchOptions) {
    this.#options = options;
  }

  fits(text: string): boolean {
    return text.length <= LONGEST_REQUEST;
  }

  add(call: ChannelCall, text: string, { maxCalls, windowMs }: RoutingSettings['batch']): void {
    this.#texts.set(call, text);
    if (this.#texts.size >= maxCalls) this.flush();
    else this.#cancelTimer ??= this.#options.clock.after(windowMs, () => this.flush());
  }

  /** @returns Whether it waited here: then its server knows nothing of it. */
  remove(call: ChannelCall): boolean {
    return this.#texts.delete(call);
  }

  /** Sends what waits; called before anything else is sent, so that nothing overtakes. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#texts.size === 0) return;
    const calls = [...this.#texts.keys()];
    const texts = [...this.#texts.values()];
    this.#texts.clear();
    const [only] = texts;
    this.#options.send(only !== undefined && texts.length === 1 ? only : `[${texts.join(',')}]`, calls);
  }

  /** What waits is sent no more. */
  clear(): void {
    this.#cancelTimer?.();
    this.#texts.clear();
  }
}
