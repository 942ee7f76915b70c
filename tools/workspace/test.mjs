/**
 * Everything that must pass, one stage after another; goes on after a failure, so that one run tells all.
 * Usage: npm test [-- --only stage,… | --skip stage,… | --list]. The last line is `N passed, N failed, N skipped`.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';
import { countsLine, sum } from './counts.mjs';
import { RESULTS_FOLDER, STAGES } from './stages.mjs';

/** @import { Counts } from './counts.mjs' */
/** @import { Stage } from './stages.mjs' */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param {string} list - Names, comma-separated.
 * @returns {Set<string>}
 */
function stageNames(list) {
  const names = list.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length === 0) return new Set(names);
  console.error(
    `No stage is called ${unknown.join(', ')}. The stages are: ${STAGES.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(64);
}

function options() {
  try {
    return parseArgs({
      options: { only: { type: 'string' }, skip: { type: 'string' }, list: { type: 'boolean' } },
    }).values;
  } catch (error) {
    console.error(
      `${error instanceof Error ? error.message : String(error)}\nUsage: npm test [-- --only stage,… | --skip stage,… | --list]`,
    );
    process.exit(64);
  }
}

/**
 * @param {Stage} stage
 * @param {AbortSignal} signal
 * @returns {Promise<Counts>}
 */
async function runStage(stage, signal) {
  try {
    return await stage.run({ root: ROOT, signal });
  } catch (error) {
    console.error(error);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const values = options();
if (values.list === true) {
  for (const { name, summary } of STAGES) console.log(`${name.padEnd(12)}  ${summary}`);
  process.exit(0);
}
const only = stageNames(values.only ?? '');
const skip = stageNames(values.skip ?? '');
const stages = STAGES.filter(({ name }) => (only.size === 0 || only.has(name)) && !skip.has(name));

// A requirement must be proven by this run; only a run of some stages may look back.
if (only.size === 0) rmSync(join(ROOT, RESULTS_FOLDER), { recursive: true, force: true });
mkdirSync(join(ROOT, RESULTS_FOLDER), { recursive: true });

const abort = new AbortController();
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.once(signal, () => abort.abort());

const began = Date.now();
/** @type {{ name: string, counts: Counts, seconds: string }[]} */
const done = [];
for (const [index, stage] of stages.entries()) {
  if (abort.signal.aborted) break;
  console.log(`\n${styleText('bold', `[${index + 1}/${stages.length}] ${stage.name}`)}: ${stage.summary}`);
  const started = Date.now();
  const counts = await runStage(stage, abort.signal);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  done.push({ name: stage.name, counts, seconds });
  console.log(
    `${counts.failed === 0 ? styleText('green', 'ok') : styleText('red', 'FAILED')} ${stage.name}: ${countsLine(counts)} (${seconds} s)`,
  );
}

console.log('');
for (const { name, counts, seconds } of done) {
  console.log(
    `${counts.failed === 0 ? '  ' : styleText('red', 'x ')}${name.padEnd(12)}  ${countsLine(counts).padEnd(36)}  ${seconds.padStart(6)} s`,
  );
}
const total = sum(done.map(({ counts }) => counts));
console.log(
  `${abort.signal.aborted ? 'interrupted after' : 'all of it in'} ${((Date.now() - began) / 1000).toFixed(0)} s`,
);
console.log(countsLine(total));
process.exitCode = total.failed > 0 || abort.signal.aborted ? 1 : 0;
