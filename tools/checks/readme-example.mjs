/** The example that a library's README shows, and whether it runs. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long an example may take, milliseconds. */
const TIMEOUT_MS = 20_000;

/**
 * @param {string} folder - Of the library, absolute.
 * @returns {string | undefined} the first block of README.md that is marked `ts`; undefined when there is
 * none
 */
export function readExample(folder) {
  const readme = join(folder, 'README.md');
  if (!existsSync(readme)) return undefined;
  return /^```ts\n(.*?)^```$/ms.exec(readFileSync(readme, 'utf8').replaceAll('\r\n', '\n'))?.[1];
}

/**
 * Runs the text as a module that lies in the folder, from the sources of the workspace.
 *
 * @param {string} folder
 * @param {string} example
 * @returns {Promise<{ code: number | string, output: string }>} `code` is 0 when it ran to its end; `timeout`
 * when it did not end
 */
export function runExample(folder, example) {
  const argv = [
    '--conditions=@omni/source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module-typescript',
  ];
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      argv,
      { cwd: folder, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (error.code ?? 'timeout'), output: `${stdout}${stderr}` });
      },
    );
    // Node complains about an error in the example before it has read all of it.
    child.stdin?.on('error', () => {});
    child.stdin?.end(example);
  });
}
