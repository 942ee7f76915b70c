import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isRevision, leaveOut, loadRequirementSet, REVISIONS, type Revision } from './requirement-set.ts';
import { runSuiteProgram } from './suite-program.ts';
import { readSuiteResults, type SuiteResult } from './suite-results.ts';

export interface ServerSuiteOptions {
  /** Variables for the suite beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Scenarios whose results are not looked at. */
  readonly without?: readonly string[];
}

/**
 * Runs the server scenarios of the official conformance suite, in a child process, against a server that is
 * already up. Rejects when the suite itself cannot run, hangs, or disagrees with its own files; a failing
 * scenario is a result.
 */
export async function runServerSuite(
  url: string,
  requirements: Revision,
  { env = {}, without = [] }: ServerSuiteOptions = {},
): Promise<SuiteResult> {
  const set = leaveOut(await loadRequirementSet(requirements, 'server'), without);
  const folder = await mkdtemp(join(tmpdir(), 'omni-conformance-'));
  try {
    const { exitCode, output } = await runSuiteProgram(
      ['server', '--url', url, '--requirements', requirements, '-o', folder],
      env,
    );
    const result = await readSuiteResults(folder, set);
    const expected = result.scored.failed.length === 0 ? 0 : 1;
    if (exitCode !== expected) {
      throw new Error(
        `the conformance suite ended with ${exitCode} where its files mean ${expected}:\n${output.slice(-2000)}`,
      );
    }
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, requirements: { type: 'string' }, json: { type: 'string' } },
  });
  if (values.url === undefined || !isRevision(values.requirements)) {
    process.stderr.write(
      `usage: node tools/conformance/run.ts --url URL --requirements ${REVISIONS.join('|')} [--json FILE]\n`,
    );
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
