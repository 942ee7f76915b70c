/**
 * Preloaded into a subject (`node --import`): answers {@link HeapQuestion}s over IPC, and does nothing until
 * it is asked.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { GCProfiler, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { HeapCount, HeapQuestion } from './heap-probe.ts';

const COLLECTIONS = 4;

let profiler: GCProfiler | undefined;
let usedAtStart = 0;

function startCounting(): void {
  profiler = new GCProfiler();
  profiler.start();
  usedAtStart = process.memoryUsage().heapUsed;
}

/** Sums what the heap grew by between collections: exact, because V8 states its size at both ends of each. */
function stopCounting(): HeapCount {
  const usedAtEnd = process.memoryUsage().heapUsed;
  const { statistics } = profiler?.stop() ?? { statistics: [] };
  profiler = undefined;
  let allocatedBytes = 0;
  let gcMs = 0;
  let used = usedAtStart;
  for (const { beforeGC, afterGC, cost } of statistics) {
    allocatedBytes += beforeGC.heapStatistics.usedHeapSize - used;
    used = afterGC.heapStatistics.usedHeapSize;
    gcMs += cost / 1_000;
  }
  return { allocatedBytes: allocatedBytes + usedAtEnd - used, gcMs, collections: statistics.length };
}

/** Finalizers run between the collections and give more free. */
async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  // Holds: the flag puts this function into every new context.
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < COLLECTIONS; round += 1) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function answer(question: HeapQuestion): Promise<HeapCount | number | true> {
  switch (question) {
    case 'start-counting':
      startCounting();
      return true;
    case 'stop-counting':
      return stopCounting();
    case 'held-bytes':
      return await heldBytes();
  }
}

process.on('message', (question) => {
  // Holds: the parent, heap-probe.ts, sends nothing but questions.
  void answer(question as HeapQuestion).then((answered) => process.send?.(answered));
});
// The channel must not keep the subject alive, and nobody needs it without the bench.
process.channel?.unref();
process.on('disconnect', () => process.exit(0));
