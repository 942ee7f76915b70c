import type { Socket } from 'node:net';
import {
  type CancelTimer,
  type ChannelListener,
  type FairPlaces,
  type FramingError,
  type GatewayError,
  type Occupant,
  type Share,
  systemClock,
} from '@omni/ports';
import type { ServedChannel } from './served-channel.ts';

export interface SocketConnectionOptions {
  readonly socket: Socket;
  readonly places: FairPlaces;
  readonly share: Share;
  /** Until the first message has begun. */
  readonly silenceMs: number;
  /** Until it is there. */
  readonly firstMessageMs: number;
  /** Told when it is cut because it had nothing to say. */
  readonly onSilent: () => void;
}

/** A client of a socket listener with the place that it has: silent at first, and cut if it stays so. */
export class SocketConnection implements Occupant {
  readonly socket: Socket;
  readonly places: FairPlaces;
  readonly share: Share;
  readonly #options: SocketConnectionOptions;
  readonly #sinceMs = systemClock.monotonicMs();
  #cancelSilence: CancelTimer;
  #channel: ServedChannel | undefined;
  #hasSpoken = false;
  #hasLeft = false;

  constructor(options: SocketConnectionOptions) {
    this.socket = options.socket;
    this.places = options.places;
    this.share = options.share;
    this.#options = options;
    this.#cancelSilence = systemClock.after(options.silenceMs, this.#cut);
  }

  get idleSinceMs(): number | undefined {
    return this.#hasSpoken ? this.#channel?.idleSinceMs : this.#sinceMs;
  }

  /** Its first message has begun. */
  serveAs(channel: ServedChannel): void {
    this.#channel = channel;
    if (this.#hasSpoken) return;
    this.#cancelSilence();
    this.#cancelSilence = systemClock.after(this.#options.firstMessageMs, this.#cut);
  }

  /** Tells it, too, that a message has come, be it a good one or not. */
  hearing(listener: ChannelListener): ChannelListener {
    return {
      onMessage: (text) => {
        this.#onSpoken();
        listener.onMessage(text);
      },
      onFramingError: (problem: FramingError) => {
        this.#onSpoken();
        listener.onFramingError(problem);
      },
      onClose: (reason: GatewayError | undefined) => listener.onClose(reason),
    };
  }

  giveWay(): void {
    this.leave();
    this.socket.destroy();
  }

  leave(): void {
    this.#cancelSilence();
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.places.leave(this.share);
  }

  #onSpoken(): void {
    if (this.#hasSpoken) return;
    this.#hasSpoken = true;
    this.#cancelSilence();
  }

  readonly #cut = (): void => {
    this.#options.onSilent();
    // guard: socket/silent
    this.socket.destroy();
  };
}
