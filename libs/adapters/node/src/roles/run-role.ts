import type { RoleProgram } from '@omni/ports';
import { parentPort, workerData } from 'node:worker_threads';

/** The first message to a role in a process of its own. */
export interface ProcessStart {
  readonly data: unknown;
}

/**
 * Runs the program of a role: the one thing that the entry of a thread or a process of {@link ThreadRoleHost}
 * or {@link ProcessRoleHost} does.
 */
export function runRole(program: RoleProgram): void {
  if (parentPort !== null) runInThread(program, parentPort);
  else runInProcess(program);
}

function runInThread(program: RoleProgram, port: NonNullable<typeof parentPort>): void {
  program({
    data: workerData satisfies unknown,
    post: (message) => port.postMessage(message),
    // What comes before there is a listener waits in the port.
    onMessage: (handler) => void port.on('message', handler),
  });
}

function runInProcess(program: RoleProgram): void {
  // Whoever started it is gone.
  process.once('disconnect', () => process.exit());
  process.once('message', (start) => {
    // The host sends this first, and nobody else has the channel.
    const { data } = start as ProcessStart;
    program({
      data,
      post: (message) => void process.send?.(message),
      onMessage: (handler) => void process.on('message', handler),
    });
  });
}
