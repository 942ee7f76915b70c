/** Runs one program in place of this process, as far as Node 20 can. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Gives the child the terminal and forwards the signals that this process gets.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} the exit code; 128 + number when a signal ended it, 127 when it could not be
 * started
 */
export function runInForeground(command, args, { cwd, env }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: 'inherit' });
    /** @type {NodeJS.Signals[]} */
    const signals =
      process.platform === 'win32' ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      // A terminal sends Ctrl-C and Ctrl-\ to the whole group: forwarding would make it two.
      if (process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')) return;
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    /** @param {number} code */
    const finish = (code) => {
      for (const signal of signals) process.off(signal, forward);
      resolve(code);
    };
    child.on('error', (error) => {
      process.stderr.write(`Cannot start ${command}: ${error.message}\n`);
      finish(127);
    });
    child.on('close', (code, signal) =>
      finish(code ?? 128 + (signal === null ? 1 : constants.signals[signal])),
    );
  });
}
