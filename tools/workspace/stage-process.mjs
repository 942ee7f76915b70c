/** Programs of a stage, and what they count. */
import { countsOfExitCode, countsOfLastLine } from './counts.mjs';
import { runCounted } from './counted-process.mjs';
import { plainEnvironment } from './plain-node.mjs';

/** @import { Counts } from './counts.mjs' */
/** @import { ProcessResult } from './counted-process.mjs' */

/**
 * @typedef {object} StageContext
 * @property {string} root
 * @property {AbortSignal} signal
 * @property {readonly string[]} areas - Of the end-to-end tests.
 * @property {boolean} takesAllGuards - Else those in files that differ from main.
 */

/**
 * A stage that says nothing for so long has stalled. Nothing is limited in time, since that would call slow
 * what is only busy.
 */
const SILENCE_MS = 10 * 60_000;

/**
 * @param {StageContext} context
 * @param {readonly string[]} argv - Given to Node.
 * @param {NodeJS.ProcessEnv} [more] - Variables beside those of this process.
 * @returns {Promise<ProcessResult>}
 */
export async function runNode({ root, signal }, argv, more = {}) {
  const result = await runCounted(process.execPath, argv, {
    cwd: root,
    silenceMs: SILENCE_MS,
    signal,
    env: plainEnvironment(more),
  });
  if (result.wasSilent) console.log(`ended: it has said nothing for ${SILENCE_MS / 60_000} minutes`);
  return result;
}

/**
 * @param {readonly string[]} argv
 * @returns {(context: StageContext) => Promise<Counts>} one check: it passes when the program ends with 0
 */
export function oneCheck(argv) {
  return async (context) => countsOfExitCode((await runNode(context, argv)).code);
}

/**
 * @param {readonly string[]} argv
 * @returns {(context: StageContext) => Promise<Counts>} the counts of the program's last line
 */
export function countedChecks(argv) {
  return async (context) => {
    const { code, tail } = await runNode(context, argv);
    return countsOfLastLine(tail, code);
  };
}
