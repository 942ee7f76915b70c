/**
 * Whether node_modules is what package-lock.json says, and how to make it so. Runs on Node 20 without any
 * dependency.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Names the content of the lock that was installed last; written beside what it describes, so that it goes
 * when that goes.
 */
const STAMP = join('node_modules', '.omni-lock-sha256');

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, resolved?: string, optional?: boolean,
 * devOptional?: boolean, peer?: boolean }} LockEntry
 * @typedef {Record<string, LockEntry>} LockEntries
 */

/**
 * @param {string} root - Folder of package-lock.json.
 * @returns {{ current: boolean, why: string }} `why` says what is wrong, in words for the person who waits.
 */
export function inspectInstallation(root) {
  const lockText = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hiddenLock = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hiddenLock)) return { current: false, why: 'nothing is installed yet' };
  const stamp = join(root, STAMP);
  const hash = createHash('sha256').update(lockText).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === hash) return { current: true, why: '' };
  const difference = firstDifference(entriesOf(lockText), entriesOf(readFileSync(hiddenLock, 'utf8')));
  if (difference !== undefined)
    return { current: false, why: `package-lock.json has changed (${difference})` };
  writeFileSync(stamp, `${hash}\n`);
  return { current: true, why: '' };
}

/**
 * Installs with `npm ci` when {@link inspectInstallation} says so. Progress goes to stderr: stdout belongs to
 * the task.
 *
 * @param {string} root
 * @param {(line: string) => void} report
 * @returns {boolean} false when npm failed; the reason has been reported.
 */
export function ensureInstalled(root, report) {
  const { current, why } = inspectInstallation(root);
  if (current) return true;
  report(`installing packages with npm ci: ${why}; this takes about half a minute`);
  const started = Date.now();
  const npmCli = process.env['npm_execpath'];
  const [command, args] =
    npmCli !== undefined && /\.c?js$/.test(npmCli) && existsSync(npmCli)
      ? [process.execPath, [npmCli, 'ci']]
      : ['npm', ['ci']];
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (status === 0 && inspectInstallation(root).current) {
    report(`installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
    return true;
  }
  report(
    [
      error === undefined
        ? `npm ci failed with exit code ${status}; its own words are above.`
        : `npm could not be started: ${error.message}`,
      'What to check: the package registry is reachable (npm ping); the disk has 1 GB free; nothing else uses node_modules;',
      'after a change of dependencies, that the lock is complete (node tools/checks/check-lock.mjs).',
    ].join('\n'),
  );
  return false;
}

/**
 * @param {string} lockText
 * @returns {LockEntries}
 */
function entriesOf(lockText) {
  return JSON.parse(lockText).packages ?? {};
}

/**
 * npm leaves out of node_modules what is optional and meant for other platforms; everything else must be the
 * same.
 *
 * @param {LockEntries} wanted
 * @param {LockEntries} installed
 * @returns {string | undefined} the first package that differs
 */
function firstDifference(wanted, installed) {
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined) {
      if (entry.optional === true || entry.devOptional === true || entry.peer === true) continue;
      return `${path} is missing`;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity)
      return `${path} has another version`;
  }
  const superfluous = Object.keys(installed).find((path) => wanted[path] === undefined);
  return superfluous === undefined ? undefined : `${superfluous} is no longer wanted`;
}
