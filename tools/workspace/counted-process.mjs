/** Runs one program of a stage: ended with its whole group when it falls silent, its last lines kept. */
import { spawn } from 'node:child_process';

/** Enough for the last line of any tool, and for nothing more. */
const TAIL_CHARACTERS = 4_000;
/** How long a group may take to end by itself after a signal. */
const GRACE_MS = 5_000;
/** The longest that a timer of Node can wait, which is 24 days. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * @typedef {object} ProcessResult
 * @property {number} code - Exit code; 1 when a signal ended it, or this program because it was silent.
 * @property {boolean} wasSilent
 * @property {string} tail - The end of what it wrote to stdout.
 */

/**
 * What it writes goes on to stdout and stderr as it comes. There is no limit of time, which would call slow
 * what is only busy: a program that writes nothing for `silenceMs` has stalled.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, silenceMs?: number, env?: NodeJS.ProcessEnv, signal?: AbortSignal }} options
 * @returns {Promise<ProcessResult>}
 */
export function runCounted(command, args, { cwd, silenceMs, env = process.env, signal }) {
  return new Promise((resolve) => {
    // An own group, so that nothing that a stage started survives it.
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    let tail = '';
    let wasSilent = false;
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      heard();
      process.stdout.write(text);
      tail = (tail + text).slice(-TAIL_CHARACTERS);
    });
    child.stderr.on('data', (/** @type {Buffer} */ bytes) => {
      heard();
      process.stderr.write(bytes);
    });
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
    const silence = setTimeout(() => {
      wasSilent = true;
      stop();
    }, silenceMs ?? LONGEST_DELAY_MS);
    const heard = () => silence.refresh();
    signal?.addEventListener('abort', stop, { once: true });
    /** @param {number} code */
    const finish = (code) => {
      clearTimeout(silence);
      signal?.removeEventListener('abort', stop);
      resolve({ code, wasSilent, tail });
    };
    child.on('error', (error) => {
      process.stderr.write(`Cannot start ${command}: ${error.message}\n`);
      finish(127);
    });
    // A grandchild that inherited the pipes may keep them open; what is left in the group is ended so that
    // "close" comes.
    child.on('exit', () => endGroup('SIGKILL'));
    child.on('close', (code) => finish(wasSilent ? 1 : (code ?? 1)));
  });
}
