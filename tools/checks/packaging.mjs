/**
 * Whether each public library works for somebody who installs it: publint and attw on what npm would pack.
 * Needs the dist folders (npm run typecheck). Usage: node tools/checks/packaging.mjs [folder of a library …]
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { workspaceFolders } from '../workspace/projects.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const AT_ONCE = 2;
/** Only what has stalled is ended. */
const TIMEOUT_MS = 10 * 60_000;
const run = promisify(execFile);

/**
 * @typedef {{ tool: string, why: string, fix: string, argv: (folder: string) => string[], complaint?: RegExp
 * }} PackagingTool
 *   `argv` is given to Node; `complaint` is what it says when it finds nothing to check and ends with 0 all
 *   the same.
 * @typedef {{ folder: string, tool: PackagingTool, problem: string | undefined }} PackagingResult
 */

/** @type {readonly PackagingTool[]} */
export const PACKAGING_TOOLS = [
  {
    tool: 'publint',
    why: 'package.json promises files or formats that the package does not have.',
    fix: 'Correct exports, files or type in its package.json.',
    argv: (folder) => [join(ROOT, 'node_modules/publint/src/cli.js'), 'run', folder, '--strict'],
  },
  {
    tool: 'attw',
    why: 'TypeScript users of some module setting would not find the types, or find wrong ones.',
    fix: 'Put "types" before "default" in each entry of exports, and import relative files with their ending.',
    argv: (folder) =>
      [join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js'), '--pack', folder].concat(
        ['--profile', 'esm-only', '--no-definitely-typed'],
        ['--format', 'ascii', '--no-emoji', '--no-color'],
      ),
    complaint: /does not contain types/,
  },
];

/**
 * @param {string} root
 * @returns {string[]} folders of the libraries that are meant to be published
 */
export function publicLibraries(root) {
  return workspaceFolders(root).filter(
    (folder) =>
      folder.startsWith('libs/') &&
      JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).private !== true,
  );
}

/**
 * @param {string} folder - Of a library, absolute.
 * @returns {{ path: string, conditions: Readonly<Record<string, unknown>> }[]} the ways into it that its
 * package.json names, without the one to package.json itself; a file that stands there without conditions
 * has none
 */
export function entryPointsOf(folder) {
  /** @type {{ exports?: string | Record<string, unknown> }} */
  const { exports = '' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const hasPaths = typeof exports === 'object' && Object.keys(exports).every((key) => key.startsWith('.'));
  return (
    Object.entries(hasPaths ? exports : { '.': exports })
      // `null` closes a path.
      .filter(([path, entry]) => path !== './package.json' && entry !== null)
      .map(([path, entry]) => ({ path, conditions: typeof entry === 'object' ? { ...entry } : {} }))
  );
}

/**
 * @param {readonly string[]} folders - Absolute.
 * @returns {Promise<PackagingResult[]>} one per folder and tool, in that order
 */
export async function checkPackaging(folders) {
  const jobs = folders.flatMap((folder) => PACKAGING_TOOLS.map((tool) => ({ folder, tool })));
  /** @type {PackagingResult[]} */
  const results = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < jobs.length; index = next++) {
      const job = jobs[index];
      if (job !== undefined) results[index] = { ...job, problem: await problemOf(job.folder, job.tool) };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

/**
 * @param {string} folder
 * @param {PackagingTool} tool
 * @returns {Promise<string | undefined>} the words of the tool; undefined when it has no complaint
 */
async function problemOf(folder, tool) {
  if (!existsSync(join(folder, 'dist'))) return 'there is no dist folder: run npm run typecheck first';
  try {
    const { stdout } = await run(process.execPath, tool.argv(folder), {
      cwd: folder,
      timeout: TIMEOUT_MS,
      maxBuffer: 16 * 1024 * 1024,
    });
    return tool.complaint?.test(stdout) === true ? stdout.trim() : undefined;
  } catch (error) {
    const {
      stdout = '',
      stderr = '',
      message,
    } = /** @type {Error & { stdout?: string, stderr?: string }} — what execFile rejects with */ (error);
    return `${stdout}${stderr}`.trim() || message;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const named = process.argv.slice(2);
  const folders =
    named.length > 0
      ? named.map((folder) => resolve(folder))
      : publicLibraries(ROOT).map((folder) => join(ROOT, folder));
  const results = await checkPackaging(folders);
  const failures = results.filter(({ problem }) => problem !== undefined);
  for (const { folder, tool, problem } of failures) {
    console.log(
      [
        `x ${tool.tool} ${folder}`,
        problem?.replaceAll(/^/gm, '  '),
        `  why: ${tool.why}`,
        `  fix: ${tool.fix}`,
        '',
      ].join('\n'),
    );
  }
  console.log(`${results.length - failures.length} passed, ${failures.length} failed, 0 skipped`);
  if (failures.length > 0) process.exitCode = 1;
}
