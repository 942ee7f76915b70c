export type StopSignal = 'SIGINT' | 'SIGTERM';

/** Where signals come from; fits `process`. */
export interface SignalSource {
  on(name: string, listener: (name: string) => void): unknown;
  off(name: string, listener: (name: string) => void): unknown;
}

/** The wishes of whoever sends signals, each a promise that may never resolve. */
export interface StopSignals {
  /** The first SIGINT or SIGTERM: stop, and let running requests finish (requirement S000-SHD-01). */
  readonly stop: Promise<StopSignal>;
  /** The second one: stop now. */
  readonly forceStop: Promise<StopSignal>;
  /** Gives the signals back to Node. */
  close(): void;
}

const STOP_SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];
const HANGUP = 'SIGHUP';

/**
 * Takes over SIGINT, SIGTERM and SIGHUP until closed.
 *
 * @param onHangup - Called for each SIGHUP, which stops nothing: it comes when a terminal closes.
 */
export function watchStopSignals(source: SignalSource, onHangup: () => void): StopSignals {
  let requestStop: (name: StopSignal) => void = () => {};
  let requestForceStop: (name: StopSignal) => void = () => {};
  const stop = new Promise<StopSignal>((resolve) => {
    requestStop = resolve;
  });
  const forceStop = new Promise<StopSignal>((resolve) => {
    requestForceStop = resolve;
  });
  let isStopping = false;
  const listeners = STOP_SIGNALS.map((name) => {
    const listener = (): void => {
      if (isStopping) requestForceStop(name);
      else requestStop(name);
      isStopping = true;
    };
    source.on(name, listener);
    return { name, listener };
  });
  source.on(HANGUP, onHangup);
  return {
    stop,
    forceStop,
    close() {
      for (const { name, listener } of listeners) source.off(name, listener);
      source.off(HANGUP, onHangup);
    },
  };
}

/** Exit code of a program that a signal ended before it could stop in order (POSIX shells: 128 + number). */
export function exitCodeOf(signal: StopSignal): number {
  return signal === 'SIGINT' ? 130 : 143;
}
