import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { HeapFacts, HeapMeter } from '@omni/ports';

const MIB = 1024 * 1024;
const OLD_SPACE_SIZE = /--max[-_]old[-_]space[-_]size[= ]["']?(\d+)/g;
/** The part of V8's limit that is for the old generation where nobody says how large it may be. */
const OLD_PART = 4096 / 4288;

/** V8 collects without end when heap and buffers together have so many times what the heap may have. */
const WITH_BUFFERS = 2;

/**
 * The heap of V8 without its young generation: Node ends the process when the old one is full, however large
 * `heap_size_limit` is; and when it does nothing but collect, since buffers beside the heap are many. What is
 * nearer to its limit is what is told.
 */
export class NodeHeapMeter implements HeapMeter {
  readonly #limitBytes: number;
  #collect: (() => void) | undefined;

  /** @param flags - Of Node. Default: those of this process. */
  constructor(flags: string = [process.env['NODE_OPTIONS'] ?? '', ...process.execArgv].join(' ')) {
    // The last word counts.
    const size = [...flags.matchAll(OLD_SPACE_SIZE)].at(-1)?.[1];
    this.#limitBytes =
      size === undefined ? getHeapStatistics().heap_size_limit * OLD_PART : Number(size) * MIB;
  }

  read(): HeapFacts {
    let usedBytes = 0;
    for (const { space_name: name, space_used_size: used } of getHeapSpaceStatistics())
      if (!name.startsWith('new_')) usedBytes += used;
    const limitBytes = this.#limitBytes;
    const { external_memory: bufferBytes } = getHeapStatistics();
    return bufferBytes > usedBytes
      ? { usedBytes: usedBytes + bufferBytes, limitBytes: WITH_BUFFERS * limitBytes }
      : { usedBytes, limitBytes };
  }

  collect(): void {
    this.#collect ??= exposedCollector();
    this.#collect();
  }
}

/** What `--expose-gc` would show, without showing it to everybody. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof collect === 'function' ? () => void collect() : () => {};
}
