import { parseArgs } from 'node:util';
import { bundleOmni } from './bundled-omni.ts';
import { clientLegs } from './client-legs.ts';
import { EXPLAINED_DIFFERENCES } from './explained-differences.ts';
import { judge } from './judgement.ts';
import { measure, type LegGroup } from './leg.ts';
import type { LegResult } from './leg-result.ts';
import { formatProgress, formatTable } from './leg-report.ts';
import { REVISIONS } from './requirement-set.ts';
import { writeResultsFile } from './results-file.ts';
import { serverLegs } from './server-legs.ts';

/** Of scenarios through Omni; a run without Omni that misses a scored scenario is one failure more. */
interface Count {
  passed: number;
  failed: number;
  skipped: number;
  readonly explained: Set<string>;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs one leg after another, and tells about each when it is over. */
async function runGroup(
  { direct, throughOmni }: LegGroup,
  isDirectOnly: boolean,
  count: Count,
): Promise<LegResult[]> {
  const reference = await measure(direct);
  say(formatProgress(reference, judge(reference, undefined)));
  if (reference.suite?.scored.passed !== reference.scoredTotal) count.failed++;
  const results = [reference];
  for (const leg of throughOmni) {
    if (isDirectOnly) {
      count.skipped += reference.scoredTotal;
      continue;
    }
    const result = await measure(leg);
    const judgement = judge(result, reference.suite);
    say(formatProgress(result, judgement));
    count.passed += judgement.passed;
    count.failed += judgement.counted - judgement.passed;
    for (const difference of judgement.explained) count.explained.add(difference);
    results.push(result);
  }
  return results;
}

const { values } = parseArgs({
  options: {
    'direct-only': { type: 'boolean', default: false },
    side: { type: 'string' },
    omni: { type: 'string' },
    results: { type: 'string' },
  },
});
// Exiting, unlike dying of the signal, takes the started programs along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const bundled = values.omni === undefined ? await bundleOmni() : undefined;
const main = values.omni ?? bundled?.main;
/** Side by side, since each waits for most of its time. */
const groups = REVISIONS.map((revision) => [
  ...(values.side === 'client' ? [] : [serverLegs(revision, main)]),
  ...(values.side === 'server' ? [] : [clientLegs(revision, main)]),
]);
const startTime = Date.now();
const count: Count = { passed: 0, failed: 0, skipped: 0, explained: new Set() };
const results: LegResult[] = [];
try {
  const ofRevisions = groups.map(async (ofRevision) => {
    const found: LegResult[] = [];
    for (const group of ofRevision) found.push(...(await runGroup(group, values['direct-only'], count)));
    return found;
  });
  results.push(...(await Promise.all(ofRevisions)).flat());
} finally {
  await bundled?.remove();
}

say(`\n${formatTable(results)}`);
for (const key of Object.keys(EXPLAINED_DIFFERENCES)) {
  if (count.skipped === 0 && values.side === undefined && !count.explained.has(key))
    say(`explained, but not so any more: ${key}`);
}
if (values.results !== undefined) await writeResultsFile(values.results, count, startTime);
say(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 ? 0 : 1;
