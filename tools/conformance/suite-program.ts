import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SUITE_FOLDER } from './requirement-set.ts';

/** How one run of the suite ended. */
export interface SuiteEnding {
  /** Code, or what ended it. */
  readonly exitCode: number | string;
  /** Everything that it has said. */
  readonly output: string;
}

/** A run takes a few seconds; this only ends one that hangs. */
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs the official conformance suite in a child process until it ends. */
export async function runSuiteProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<SuiteEnding> {
  const program = fileURLToPath(new URL('dist/index.js', SUITE_FOLDER));
  const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES, env: { ...process.env, ...env } };
  return await new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
      resolve({
        exitCode: error === null ? 0 : (error.code ?? error.signal ?? 'no exit code'),
        output: stdout + stderr,
      });
    });
  });
}
