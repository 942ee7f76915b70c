import { Session, type Profiler } from 'node:inspector';

/** Tells whether code ran that had not run before. */
export interface Guide {
  /** Whether anything new ran since the last call of either method; remembers nothing. */
  hasNew(): boolean;
  /** As {@link hasNew}, and remembers it. */
  learn(): boolean;
}

/** A guide that never learns: a search without it is blind. */
export const NO_GUIDE: Guide = { hasNew: () => false, learn: () => false };

/** Stays open: V8 forgets functions that it has told of when counting stops and begins again. */
let session: Session | undefined;

function openSession(): Session {
  if (session !== undefined) return session;
  session = new Session();
  session.connect();
  session.post('Profiler.enable');
  // Without counts V8 may still optimise, which is what the time goes into.
  session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  return session;
}

/**
 * Ends counting in this process, which costs every function that runs. A {@link BlockCoverage} made
 * afterwards misses what ran before.
 */
export function stopCounting(): void {
  session?.disconnect();
  session = undefined;
}

/**
 * Which blocks of functions ran, as V8 counts them for its profiler. One at a time can be asked: to look is
 * to reset.
 */
export class BlockCoverage implements Guide {
  readonly #session = openSession();
  readonly #covers: RegExp;
  /** Script and function → a byte for each character of its source, 1 where a block has run. */
  readonly #seen = new Map<string, Uint8Array>();

  /** @param covers - Paths of the files that count. */
  constructor(covers: RegExp) {
    this.#covers = covers;
    this.#take();
  }

  /** Functions that have run so far. */
  get functions(): number {
    return this.#seen.size;
  }

  /** Characters of source that have run so far. */
  get characters(): number {
    let sum = 0;
    for (const ran of this.#seen.values()) for (const byte of ran) sum += byte;
    return sum;
  }

  hasNew(): boolean {
    return this.#compare(false);
  }

  learn(): boolean {
    return this.#compare(true);
  }

  #compare(isLearning: boolean): boolean {
    let isNew = false;
    for (const { scriptId, url, functions } of this.#take()) {
      if (!this.#covers.test(url)) continue;
      for (const { ranges } of functions) {
        if (this.#paint(scriptId, ranges, isLearning)) {
          isNew = true;
          if (!isLearning) return true;
        }
      }
    }
    return isNew;
  }

  /** @param ranges - Of one function, outer before inner. */
  #paint(scriptId: string, ranges: readonly Profiler.CoverageRange[], isLearning: boolean): boolean {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return false;
    const key = `${scriptId}:${whole.startOffset}`;
    const seen = this.#seen.get(key);
    const ran = new Uint8Array(whole.endOffset - whole.startOffset);
    for (const { startOffset, endOffset, count } of ranges)
      ran.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
    if (seen === undefined) {
      if (isLearning) this.#seen.set(key, ran);
      return true;
    }
    let isNew = false;
    for (let at = 0; at < ran.length; at++) {
      if (ran[at] === 0 || seen[at] === 1) continue;
      isNew = true;
      if (!isLearning) return true;
      seen[at] = 1;
    }
    return isNew;
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // The answer to a session of the own thread comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, result) => {
      if (error === null) scripts = result.result;
    });
    return scripts;
  }
}
