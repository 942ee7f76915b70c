import { type Clock, systemClock } from '@omni/ports';

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Where signals come from; fits `process`. */
export interface SignalSource {
  on(name: string, listener: (name: string) => void): unknown;
  off(name: string, listener: (name: string) => void): unknown;
}

/** The wishes of whoever sends signals, each a promise that may never resolve. */
export interface StopSignals {
  /**
   * The first SIGINT or SIGTERM, or {@link request}: stop, and let running requests finish (requirement
   * S000-SHD-01).
   */
  readonly stop: Promise<string>;
  /** A later signal: stop now. */
  readonly forceStop: Promise<StopSignal>;
  /**
   * Asks for a stop without a signal, and hurries nobody.
   *
   * @param reason - What {@link stop} resolves with, unless a signal came first.
   */
  request(reason: string): void;
  /** Gives the signals back to Node. */
  close(): void;
}

const STOP_SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];
const HANGUP = 'SIGHUP';
/**
 * One wish may come twice: to a whole group, and once more from a wrapper in it that forwards what it gets.
 */
const ONE_WISH_MS = 1_000;

/**
 * Takes over SIGINT, SIGTERM and SIGHUP until closed. Signals within a second of the first one are the same
 * wish.
 *
 * @param onHangup - Called for each SIGHUP, which stops nothing then: it comes when a terminal closes.
 * Without it SIGHUP stays with Node.
 */
export function watchStopSignals(
  source: SignalSource,
  onHangup?: () => void,
  clock: Pick<Clock, 'monotonicMs'> = systemClock,
): StopSignals {
  let requestStop: (reason: string) => void = () => {};
  let requestForceStop: (name: StopSignal) => void = () => {};
  const stop = new Promise<string>((resolve) => {
    requestStop = resolve;
  });
  const forceStop = new Promise<StopSignal>((resolve) => {
    requestForceStop = resolve;
  });
  let firstAt: number | undefined;
  const listeners = STOP_SIGNALS.map((name) => {
    const listener = (): void => {
      const now = clock.monotonicMs();
      if (firstAt === undefined) {
        firstAt = now;
        requestStop(name);
        return;
      }
      // guard: signals/one-wish
      if (now - firstAt < ONE_WISH_MS) return;
      requestForceStop(name);
    };
    source.on(name, listener);
    return { name, listener };
  });
  if (onHangup !== undefined) source.on(HANGUP, onHangup);
  return {
    stop,
    forceStop,
    request: (reason) => requestStop(reason),
    close() {
      for (const { name, listener } of listeners) source.off(name, listener);
      if (onHangup !== undefined) source.off(HANGUP, onHangup);
    },
  };
}

/** Exit code of a program that a signal ended before it could stop in order (POSIX shells: 128 + number). */
export function exitCodeOf(signal: string): number {
  return signal === 'SIGINT' ? 130 : 143;
}
