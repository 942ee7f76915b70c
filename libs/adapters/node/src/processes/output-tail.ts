import type { Redactor } from '@omni/ports';

const RING_BYTES = 65_536;
const MAX_LINES = 10;
const MAX_CHARACTERS = 2_048;

/** The last 64 KiB of an output, whatever its volume. */
export class OutputTail {
  readonly #redact: Redactor;
  #ring: Buffer | undefined;
  /** Bytes seen in total. */
  #seen = 0;

  constructor(redact: Redactor) {
    this.#redact = redact;
  }

  push(chunk: Buffer): void {
    this.#ring ??= Buffer.alloc(RING_BYTES);
    const fresh = chunk.length > RING_BYTES ? chunk.subarray(chunk.length - RING_BYTES) : chunk;
    this.#seen += chunk.length - fresh.length;
    const at = this.#seen % RING_BYTES;
    const atEnd = Math.min(fresh.length, RING_BYTES - at);
    this.#ring.set(fresh.subarray(0, atEnd), at);
    this.#ring.set(fresh.subarray(atEnd), 0);
    this.#seen += fresh.length;
  }

  /** @returns At most 10 lines and 2,048 characters, redacted, oldest first. */
  lines(): readonly string[] {
    if (this.#ring === undefined) return [];
    // Redacted before anything is cut: a secret that lost its beginning would no longer be found.
    const lines = /* guard: output/redacted-first */ this.#redact(this.#text(this.#ring))
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-MAX_LINES);
    const kept: string[] = [];
    let room = MAX_CHARACTERS;
    for (let index = lines.length - 1; index >= 0 && room > 0; index -= 1) {
      const line = lines[index] ?? '';
      kept.unshift(
        /* guard: output/length */ line.length > room ? `…${line.slice(line.length - room + 1)}` : line,
      );
      room -= line.length;
    }
    return kept;
  }

  #text(ring: Buffer): string {
    if (this.#seen <= RING_BYTES) return ring.toString('utf8', 0, this.#seen);
    const at = this.#seen % RING_BYTES;
    const text = ring.toString('utf8', at) + ring.toString('utf8', 0, at);
    // The first line lost its beginning. A single endless line is kept: what is shown of it lies far behind
    // the cut.
    return text.slice(text.indexOf('\n') + 1);
  }
}
