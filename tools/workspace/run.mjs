/**
 * Where every npm script of this repository starts: installs when needed, picks the repository's own Node,
 * runs the task. Has no dependency and runs on Node 20, because a fresh machine has nothing else.
 */
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInForeground } from './foreground.mjs';
import { ensureInstalled } from './installation.mjs';
import { findNode } from './pinned-node.mjs';
import { TASKS, taskList } from './tasks.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** @param {string} text */
const report = (text) => process.stderr.write(`omni: ${text.replaceAll('\n', '\nomni: ')}\n`);

/**
 * @param {readonly string[]} argv
 * @returns {Promise<number>} exit code: that of the task; 1 when it could not be set up, 64 for an unknown
 * task
 */
async function main([name, ...rest]) {
  if (name === undefined || name === 'help' || name === '--help') {
    process.stdout.write(taskList());
    return 0;
  }
  const task = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
  if (task === undefined) {
    process.stderr.write(`omni: there is no task "${name}"\n${taskList()}`);
    return 64;
  }
  if (task.usage !== undefined && rest.includes('--help')) {
    process.stdout.write(`Usage: ${task.usage}\n\n${task.summary}\n`);
    return 0;
  }
  if (!ensureInstalled(ROOT, report)) return 1;
  const node = findNode(ROOT);
  if ('problem' in node) {
    report(node.problem);
    return 1;
  }
  return runInForeground(node.path, task.argv(rest), { cwd: ROOT, env: environmentOf(name, node.path) });
}

/**
 * @param {string} task
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
function environmentOf(task, node) {
  const pathKey = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const path = [dirname(node), join(ROOT, 'node_modules', '.bin'), process.env[pathKey] ?? ''].join(
    delimiter,
  );
  const env = { ...process.env, [pathKey]: path, NX_NO_CLOUD: 'true' };
  if (task !== 'start' && task !== 'dev') return env;
  // What npm tells its scripts is no business of the server, nor of the servers that it starts.
  const own = Object.entries(env).filter(([key]) => !/^npm_/i.test(key));
  // When this process ends in whatever way, the server ends, too.
  return { ...Object.fromEntries(own), OMNI_WRAPPER: String(process.pid) };
}

process.exitCode = await main(process.argv.slice(2));
