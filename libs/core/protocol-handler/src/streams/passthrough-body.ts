import type { ResponseStream } from '@omni/ports';

/**
 * How far a client may read behind before its server is held back. A pause costs a turn of the event loop, so
 * short lags are bridged; this is all that a client that does not read at all keeps in memory.
 */
const MAX_BACKLOG_BYTES = 256 * 1024;
const EVENT_BEGIN = 'event: message\ndata: ';
const EVENT_END = '\n\n';
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;

/** An answer that is written while it comes: the body of a response, or one event of a stream. */
export class PassthroughBody {
  readonly #response: ResponseStream;
  readonly #isEvent: boolean;
  readonly #isKept: boolean;

  /** @param isKept - Whether somebody else keeps the chunks, see `ResponseHead`. */
  constructor(
    response: ResponseStream,
    { isEvent, isKept }: { readonly isEvent: boolean; readonly isKept: boolean },
  ) {
    this.#response = response;
    this.#isEvent = isEvent;
    this.#isKept = isKept;
    if (this.#isEvent) response.write(EVENT_BEGIN);
  }

  /**
   * @returns `false` when the client is too far behind: stop writing until {@link onDrain} fires. The chunk
   * is taken either way.
   */
  write(chunk: Uint8Array): boolean {
    const bytes = this.#isEvent ? withoutLineBreaks(chunk) : chunk;
    const isFree = /* guard: chunks/kept */ this.#isKept
      ? this.#response.write(bytes)
      : this.#response.pass(bytes);
    return isFree || this.#response.backlogBytes <= MAX_BACKLOG_BYTES;
  }

  onDrain(listener: () => void): void {
    this.#response.onDrain(listener);
  }

  end(): void {
    if (this.#isEvent) this.#response.write(EVENT_END);
    this.#response.end();
  }

  /** What was sent must not look complete. */
  cut(): void {
    this.#response.destroy();
  }
}

/**
 * Line breaks in JSON stand between tokens only; in an event they would begin a field of the server's making.
 */
function withoutLineBreaks(chunk: Uint8Array): Uint8Array {
  if (!chunk.includes(LF) && !chunk.includes(CR)) return chunk;
  return chunk.map((byte) => (byte === LF || byte === CR ? BLANK : byte));
}
