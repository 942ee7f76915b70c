import {
  callForeign,
  type ChannelListener,
  type Clock,
  type FramingError,
  GatewayError,
  isThenable,
  type MessageChannel,
  newReportId,
  type OpenChannel,
  type OwnerReport,
  redactorOf,
} from '@omni/ports';

/** How long code that does not end its close is waited for. */
const CLOSE_MS = 5_000;
const HINT = 'Correct the code of the server, which runs in the process of Omni; Omni keeps trying.';
const HINT_OF_REPORT = `${HINT} What it threw is among the reports for the owner.`;
const MAX_LINES = 10;
const MAX_CHARACTERS = 2_048;

export interface InProcessChannelOptions {
  readonly upstream: string;
  readonly open: OpenChannel;
  readonly clock: Clock;
  /** Uniform in 0 ≤ x < 1. */
  readonly random: () => number;
  readonly secretValues: () => readonly string[];
  readonly onReport: (report: OwnerReport) => void;
}

/**
 * Opens a channel whose other end is somebody's code in this process, and holds that code to the contract of
 * channels: what it throws or rejects ends its channel, never Omni, and it calls nobody before it has
 * returned. What was thrown is in the reports for the owner.
 *
 * @throws {@link GatewayError} `OMNI_UPSTREAM_UNREACHABLE` when the code gives no channel.
 */
export function openInProcess(options: InProcessChannelOptions, listener: ChannelListener): MessageChannel {
  return new InProcessChannel(options, listener);
}

class InProcessChannel implements MessageChannel {
  readonly #options: InProcessChannelOptions;
  readonly #listener: ChannelListener;
  readonly #channel: MessageChannel;
  /** What came before the channel was there; `undefined` when that has been told. */
  #early: (() => void)[] | undefined = [];
  #isOver = false;
  #closed: Promise<void> | undefined;

  constructor(options: InProcessChannelOptions, listener: ChannelListener) {
    this.#options = options;
    this.#listener = listener;
    // Code may take the functions out of it, as `transport.onmessage = gateway.onMessage` does.
    const gateway: ChannelListener = {
      onMessage: (text) => this.#onMessage(text),
      onFramingError: (problem) => this.#onFramingError(problem),
      onClose: (reason) => this.#onClose(reason),
    };
    let channel: unknown;
    let isOne: boolean;
    try {
      channel = options.open(gateway);
      isOne = isChannel(channel);
    } catch (error) {
      throw this.#unopened('its open function threw', error);
    }
    // guard: link/no-channel
    if (!isOne) {
      // The failure of what was taken for a channel is not to become one of the process.
      callForeign(
        () => channel,
        () => {},
      );
      throw this.#unopened('its open function returned no channel, which has send and close', undefined);
    }
    // Holds: it has been looked at.
    this.#channel = channel as MessageChannel;
    if (this.#early?.length === 0) this.#early = undefined;
    else queueMicrotask(() => this.#tellEarly());
  }

  get isOpen(): boolean {
    if (this.#isOver) return false;
    try {
      return this.#channel.isOpen !== false;
    } catch (error) {
      this.#break('its isOpen threw', error);
      return false;
    }
  }

  send(text: string): boolean {
    if (this.#isOver) return false;
    try {
      const taken: unknown = this.#channel.send(text);
      if (!isThenable(taken)) return taken !== false;
      taken.then(undefined, (error: unknown) => this.#break('its send function rejected', error));
      return true;
    } catch (error) {
      this.#break('its send function threw', error);
      return false;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #onMessage(text: string): void {
    if (this.#early !== undefined) this.#early.push(() => this.#onMessage(text));
    else if (this.#isOver) return;
    else if (typeof text === 'string') this.#listener.onMessage(text);
    else this.#break('it sent something that is no text', undefined);
  }

  #onFramingError(problem: FramingError): void {
    if (this.#early !== undefined) this.#early.push(() => this.#onFramingError(problem));
    else if (!this.#isOver) this.#listener.onFramingError(problem);
  }

  #onClose(reason: unknown): void {
    if (this.#early !== undefined) this.#early.push(() => this.#onClose(reason));
    else if (this.#isOver) return;
    else if (reason === undefined || reason instanceof GatewayError) {
      this.#isOver = true;
      this.#listener.onClose(reason);
    } else this.#break('it closed its connection for a reason of its own', reason);
  }

  #tellEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const tell of early) tell();
  }

  async #close(): Promise<void> {
    let stopWaiting = (): void => {};
    const isLate = new Promise<void>((resolve) => {
      stopWaiting = this.#options.clock.after(CLOSE_MS, resolve);
    });
    try {
      await Promise.race([this.#channel.close(), isLate]);
    } finally {
      stopWaiting();
    }
  }

  /** What is wrong is told later: whoever is sending has no handle yet. */
  #break(what: string, error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { upstream } = this.#options;
    const failure = new GatewayError(
      'OMNI_UPSTREAM_EXITED',
      `The connection of "${upstream}" in this process was ended: ${what}${this.#report(what, error)}`,
      { cause: error, hint: hintOf(error) },
    );
    queueMicrotask(() => this.#listener.onClose(failure));
    // It has failed already, and how it ends is of no use to anybody.
    this.close().catch(() => {});
  }

  #unopened(what: string, error: unknown): GatewayError {
    const { upstream } = this.#options;
    return new GatewayError(
      'OMNI_UPSTREAM_UNREACHABLE',
      `"${upstream}" could not be opened: ${what}${this.#report(what, error)}`,
      {
        cause: error,
        data: { phase: 'connect' },
        hint: hintOf(error),
      },
    );
  }

  /** @returns Where it is found. */
  #report(what: string, error: unknown): string {
    if (error === undefined) return '';
    const { clock, random, secretValues, onReport } = this.#options;
    const id = newReportId(random);
    const lines = redactorOf(secretValues())(inspected(error))
      .slice(0, MAX_CHARACTERS)
      .split('\n')
      .slice(0, MAX_LINES);
    onReport({ id, at: clock.now(), what: `failed: ${what}`, lines });
    return ` (report ${id})`;
  }
}

function hintOf(error: unknown): string {
  return error === undefined ? HINT : HINT_OF_REPORT;
}

/** Anything can be thrown, and a stack be anything (`Error.prepareStackTrace`). */
function inspected(thrown: unknown): string {
  try {
    if (typeof thrown === 'string') return thrown;
    // guard: link/thrown-text
    if (thrown instanceof Error) return typeof thrown.stack === 'string' ? thrown.stack : String(thrown);
  } catch {
    // It has a way of its own to be turned into text, which throws as well.
  }
  return `a thrown ${typeof thrown}`;
}

function isChannel(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'send' in value &&
    typeof value.send === 'function' &&
    'close' in value &&
    typeof value.close === 'function'
  );
}
