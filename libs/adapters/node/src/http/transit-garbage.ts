import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects what died young; nothing else is looked at. */
type CollectYoung = (options: { readonly type: 'minor' }) => void;

/** So much may lie about. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Smaller chunks die with the calls that they belong to, in the engine's own time. */
const LARGE_PIECE_BYTES = 16 * 1024;

/**
 * Collects the buffers of long bodies soon after they have passed.
 *
 * Each 64 KiB that are read are a new buffer outside of the engine's heap. The engine collects those only when 64 MiB and more lie
 * about, and then by going through the whole heap. Collecting the young ones every few MiB takes less time than that
 * and keeps resident memory where it was.
 */
export class TransitGarbage {
  #bytes = 0;
  #collect: CollectYoung | undefined;

  /** A chunk of a body has come in. */
  add(bytes: number): void {
    if (bytes < LARGE_PIECE_BYTES) return;
    this.#bytes += bytes;
    if (this.#bytes < MAX_BYTES) return;
    this.#bytes = 0;
    this.#collect ??= collectorOfEngine();
    this.#collect({ type: 'minor' });
  }
}

/** The engine's own, which it shows to contexts that are made while a flag is set. Does nothing where there is none. */
function collectorOfEngine(): CollectYoung {
  const { gc } = globalThis;
  if (gc !== undefined) return (options) => gc(options);
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
  setFlagsFromString('--no-expose-gc');
  // V8 documents this one function under this name.
  return typeof found === 'function' ? (found as CollectYoung) : () => {};
}
