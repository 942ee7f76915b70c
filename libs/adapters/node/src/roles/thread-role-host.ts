import type { Role, RoleHost, RoleListener } from '@omni/ports';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';

export interface RoleEntryOptions {
  /** A module that calls `runRole`. */
  readonly entry: URL;
  /** Arguments of Node, in place of those of this process. */
  readonly execArgv?: readonly string[];
}

export interface ThreadRoleOptions extends RoleEntryOptions {
  /** What a role may keep; one that needs more ends, and not the process. Default: 512 MiB. */
  readonly maxHeapMb?: number;
}

/** Runs a role in a thread of its own. */
export class ThreadRoleHost implements RoleHost {
  readonly sharesMemory = true;
  readonly #options: ThreadRoleOptions;

  constructor(options: ThreadRoleOptions) {
    this.#options = options;
  }

  start(data: unknown, listener: RoleListener): Role {
    const { entry, execArgv, maxHeapMb = 512 } = this.#options;
    // A thread keeps none of its code unless it is told to; Node names the folder of this version.
    const cache = getCompileCacheDir();
    const worker = new Worker(entry, {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
      // Standard output may belong to a client.
      stdout: true,
      ...(execArgv !== undefined && { execArgv: [...execArgv] }),
      ...(cache !== undefined && { env: { ...process.env, NODE_COMPILE_CACHE: dirname(cache) } }),
    });
    worker.stdout.resume();
    let isOver = false;
    let failure: string | undefined;
    worker.on('message', (message: unknown) => {
      if (!isOver) listener.onMessage(message);
    });
    worker.on('error', (error: unknown) => {
      failure = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => {
      isOver = true;
      listener.onExit(failure ?? `ended with code ${code}`);
    });
    // Attaching listeners has made it count.
    worker.unref();
    return {
      post: (message) => worker.postMessage(message),
      terminate: async () => {
        isOver = true;
        await worker.terminate();
      },
    };
  }
}
