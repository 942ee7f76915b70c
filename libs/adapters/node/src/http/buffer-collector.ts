import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So much may be left to collect. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Smaller chunks die with the calls that they belong to, in the engine's own time. */
const LARGE_CHUNK_BYTES = 16 * 1024;

/**
 * Collects the buffers of long bodies soon after they have passed, where the program has exposed the engine's
 * collector ({@link exposeCollector}, or `node --expose-gc`); does nothing elsewhere.
 *
 * Each 64 KiB that are read are a new buffer outside of the engine's heap. The engine collects those only
 * when 64 MiB and more have accumulated, and then by going through the whole heap. Collecting the young ones
 * every few MiB takes less time than that and keeps resident memory where it was.
 */
export class BufferCollector {
  #bytes = 0;

  /** A chunk of a body has come in. */
  add(bytes: number): void {
    if (bytes < LARGE_CHUNK_BYTES) return;
    this.#bytes += bytes;
    if (this.#bytes < MAX_BYTES) return;
    this.#bytes = 0;
    if (isExposed) globalThis.gc ??= engineCollector();
    globalThis.gc?.({ type: 'minor' });
  }
}

/**
 * Exposes the engine's collector to this process, as `node --expose-gc` does. A program decides this, never a
 * library: `globalThis.gc` can be called by everything that runs in it.
 */
export function exposeCollector(): void {
  isExposed = true;
}

let isExposed = false;

/** Looked for when it is needed first: it takes a context of its own, some milliseconds and a megabyte. */
function engineCollector(): typeof globalThis.gc {
  // The engine shows its collector to contexts that are made while the flag is set.
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
  setFlagsFromString('--no-expose-gc');
  // Where there is none it is not looked for again.
  isExposed = typeof found === 'function';
  // Holds: V8 documents this one function under this name.
  return isExposed ? (found as typeof globalThis.gc) : undefined;
}
