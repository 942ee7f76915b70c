import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isRevision, loadRequirementSet, REVISIONS, SUITE_FOLDER, type Revision } from './requirement-set.ts';
import { readSuiteResults, type SuiteResult } from './suite-results.ts';

/** A run takes a few seconds; this only ends one that hangs. */
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Runs the server scenarios of the official conformance suite, in a child process, against a server that is already up.
 * Rejects when the suite itself cannot run, hangs, or disagrees with its own files; a failing scenario is a result.
 */
export async function runServerSuite(url: string, requirements: Revision): Promise<SuiteResult> {
  const set = await loadRequirementSet(requirements);
  const folder = await mkdtemp(join(tmpdir(), 'omni-conformance-'));
  try {
    const { exitCode, output } = await runSuite(['server', '--url', url, '--requirements', requirements, '-o', folder]);
    const result = await readSuiteResults(folder, set);
    const expected = result.scored.failed.length === 0 ? 0 : 1;
    if (exitCode !== expected) {
      throw new Error(`the conformance suite ended with ${exitCode} where its files mean ${expected}:\n${output.slice(-2000)}`);
    }
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runSuite(args: readonly string[]): Promise<{ exitCode: number | string; output: string }> {
  const program = fileURLToPath(new URL('dist/index.js', SUITE_FOLDER));
  return await new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : (error.code ?? error.signal ?? 'no exit code'), output: stdout + stderr });
    });
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { url: { type: 'string' }, requirements: { type: 'string' }, json: { type: 'string' } } });
  if (values.url === undefined || !isRevision(values.requirements)) {
    process.stderr.write(`usage: node tools/conformance/run.ts --url URL --requirements ${REVISIONS.join('|')} [--json FILE]\n`);
    process.exitCode = 64;
    return;
  }
  const result = await runServerSuite(values.url, values.requirements);
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (values.json !== undefined) await writeFile(values.json, text);
  process.stdout.write(text);
  process.exitCode = result.scored.failed.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
