/** One search in a thread of its own, so that what hangs can be told and ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { BlockCoverage } from './block-coverage.ts';
import { readCorpus } from './corpus.ts';
import { fuzz } from './fuzz-loop.ts';
import { CurrentInput } from './current-input.ts';
import type { SearchOrder } from './watched-search.ts';
import { createTarget } from './targets.ts';

// The only one who starts this sends it this.
const { target: name, seconds, seed, shared } = workerData as SearchOrder;
const current = new CurrentInput(shared);
const target = createTarget(name);
const guide = new BlockCoverage(target.covers);
const report = await fuzz(target, {
  seed,
  maxRuns: Number.POSITIVE_INFINITY,
  maxMs: seconds * 1_000,
  maxFindings: 10,
  guide,
  corpus: readCorpus(name),
  onInput: (input) => current.set(input),
});
await target.close?.();
parentPort?.postMessage({ ...report, functions: guide.functions, characters: guide.characters });
