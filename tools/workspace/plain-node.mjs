/**
 * Runs Node as a task of Nx: `node tools/workspace/plain-node.mjs ARGUMENTS`. Nx asks for colours in the name
 * of whoever looks, and what is tested must not depend on that.
 */
import { fileURLToPath } from 'node:url';
import { runInForeground } from './foreground.mjs';

/**
 * @param {NodeJS.ProcessEnv} [more]
 * @returns {NodeJS.ProcessEnv} the variables of this process without a wish for colours
 */
export function plainEnvironment(more = {}) {
  const { FORCE_COLOR: _, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1', ...more };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await runInForeground(process.execPath, process.argv.slice(2), {
    cwd: process.cwd(),
    env: plainEnvironment(),
  });
