/** Runs one program of a stage: bounded in time, ended with its whole group, its last lines kept. */
import { spawn } from 'node:child_process';

/** Enough for the last line of any tool, and for nothing more. */
const TAIL_CHARACTERS = 4_000;
/** How long a group may take to end by itself after a signal. */
const GRACE_MS = 5_000;

/**
 * @typedef {object} ProcessResult
 * @property {number} code - Exit code; 1 when a signal or the time limit ended it.
 * @property {boolean} timedOut
 * @property {string} tail - The end of what it wrote to stdout.
 */

/**
 * What it writes goes on to stdout and stderr as it comes.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, timeoutMs: number, env?: NodeJS.ProcessEnv, signal?: AbortSignal }} options
 * @returns {Promise<ProcessResult>}
 */
export function runCounted(command, args, { cwd, timeoutMs, env = process.env, signal }) {
  return new Promise((resolve) => {
    // An own group, so that nothing that a stage started survives it.
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32' });
    let tail = '';
    let timedOut = false;
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      process.stdout.write(text);
      tail = (tail + text).slice(-TAIL_CHARACTERS);
    });
    child.stderr.on('data', (/** @type {Buffer} */ bytes) => process.stderr.write(bytes));
    /** @param {NodeJS.Signals} name */
    const endGroup = (name) => {
      if (child.pid === undefined) return;
      try {
        if (process.platform === 'win32') child.kill(name);
        else process.kill(-child.pid, name);
      } catch {
        // The group is gone already.
      }
    };
    const stop = () => {
      endGroup('SIGTERM');
      setTimeout(() => endGroup('SIGKILL'), GRACE_MS).unref();
    };
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, timeoutMs);
    signal?.addEventListener('abort', stop, { once: true });
    /** @param {number} code */
    const finish = (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve({ code, timedOut, tail });
    };
    child.on('error', (error) => {
      process.stderr.write(`Cannot start ${command}: ${error.message}\n`);
      finish(127);
    });
    // A grandchild that inherited the pipes may keep them open; what is left in the group is ended so that "close" comes.
    child.on('exit', () => endGroup('SIGKILL'));
    child.on('close', (code) => finish(timedOut ? 1 : (code ?? 1)));
  });
}
