/**
 * Everything that must pass, one stage after another; goes on after a failure, so that one run tells all.
 * The last line is `N passed, N failed, N skipped`. Arguments: see `test-options.mjs`.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { RESULTS_FOLDER, runTests } from './cached-tests.mjs';
import { countsLine, sum } from './counts.mjs';
import { batchesOf, STAGES } from './stages.mjs';
import { parseTestOptions } from './test-options.mjs';
import { UsageError } from './usage-error.mjs';

/** @import { Counts } from './counts.mjs' */
/** @import { StageContext } from './stage-process.mjs' */
/** @import { Stage } from './stages.mjs' */
/** @import { TestOptions } from './test-options.mjs' */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @returns {TestOptions} */
function options() {
  try {
    return parseTestOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(64);
  }
}

/**
 * @param {readonly Stage[]} batch
 * @param {StageContext} context
 * @returns {Promise<Counts[]>} of each stage
 */
async function runBatch(batch, context) {
  try {
    const [only] = batch;
    if (only !== undefined && 'run' in only) return [await only.run(context)];
    const tests = batch.flatMap((stage) =>
      'tests' in stage ? [{ name: stage.name, ...stage.tests(context) }] : [],
    );
    return await runTests(context, tests);
  } catch (error) {
    console.error(error);
    return batch.map(() => ({ passed: 0, failed: 1, skipped: 0 }));
  }
}

const { stages, isWhole, isList, ...chosen } = options();
if (isList) {
  for (const { name, summary } of STAGES) console.log(`${name.padEnd(12)}  ${summary}`);
  process.exit(0);
}

// A requirement must be proven by this run; only a run of some stages may look back.
if (isWhole) rmSync(join(ROOT, RESULTS_FOLDER), { recursive: true, force: true });
mkdirSync(join(ROOT, RESULTS_FOLDER), { recursive: true });

const abort = new AbortController();
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.once(signal, () => abort.abort());

const began = Date.now();
/** @type {{ name: string, counts: Counts, seconds: string }[]} */
const done = [];
for (const batch of batchesOf(stages)) {
  if (abort.signal.aborted) break;
  console.log('');
  for (const { name, summary } of batch) {
    const place = `[${stages.findIndex((stage) => stage.name === name) + 1}/${stages.length}] ${name}`;
    console.log(`${styleText('bold', place)}: ${summary}`);
  }
  const started = Date.now();
  const counted = await runBatch(batch, { root: ROOT, signal: abort.signal, ...chosen });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  for (const [index, counts] of counted.entries()) {
    const name = batch[index]?.name ?? '';
    // What ran together took its time together.
    done.push({ name, counts, seconds: index === 0 ? seconds : '' });
    const verdict = counts.failed === 0 ? styleText('green', 'ok') : styleText('red', 'FAILED');
    console.log(
      `${verdict} ${name}: ${countsLine(counts)} (${seconds} s${batch.length > 1 ? ' together' : ''})`,
    );
  }
}

console.log('');
for (const { name, counts, seconds } of done) {
  console.log(
    `${counts.failed === 0 ? '  ' : styleText('red', 'x ')}${name.padEnd(12)}  ${countsLine(counts).padEnd(36)}  ${seconds === '' ? '      "' : `${seconds.padStart(6)} s`}`,
  );
}
const total = sum(done.map(({ counts }) => counts));
console.log(
  `${abort.signal.aborted ? 'interrupted after' : 'all of it in'} ${((Date.now() - began) / 1000).toFixed(0)} s`,
);
console.log(countsLine(total));
process.exitCode = total.failed > 0 || abort.signal.aborted ? 1 : 0;
