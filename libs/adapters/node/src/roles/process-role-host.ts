import type { Role, RoleHost, RoleListener } from '@omni/ports';
import { fork, type Serializable } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProcessStart } from './run-role.ts';
import type { RoleEntryOptions } from './thread-role-host.ts';

/** Runs a role in a process of its own. */
export class ProcessRoleHost implements RoleHost {
  readonly sharesMemory = false;
  readonly #options: RoleEntryOptions;

  constructor(options: RoleEntryOptions) {
    this.#options = options;
  }

  start(data: unknown, listener: RoleListener): Role {
    const { entry, execArgv } = this.#options;
    const child = fork(fileURLToPath(entry), [], {
      serialization: 'advanced',
      // Standard output may belong to a client.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // The environment holds credentials of servers, which are none of its business.
      env: pick(process.env, ['PATH', 'SystemRoot', 'TMPDIR', 'TZ']),
      ...(execArgv !== undefined && { execArgv: [...execArgv] }),
    });
    let isOver = false;
    let tellGone: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (tellGone = resolve));
    const onGone = (reason: string): void => {
      tellGone?.();
      if (tellGone === undefined) return;
      tellGone = undefined;
      isOver = true;
      listener.onExit(reason);
    };
    child.on('message', (message: unknown) => {
      if (!isOver) listener.onMessage(message);
    });
    child.on('error', (error) => {
      // It could not be started: there is no exit.
      if (child.pid === undefined) onGone(error.message);
    });
    child.on('exit', (code, signal) => onGone(`ended with ${signal ?? `code ${code}`}`));
    const post = (message: unknown): void => {
      // Tells by the callback that it has ended meanwhile, which its exit tells as well.
      if (child.connected) child.send(message as Serializable, () => {});
    };
    post({ data } satisfies ProcessStart);
    child.unref();
    child.channel?.unref();
    return {
      post,
      terminate: async () => {
        isOver = true;
        child.kill('SIGKILL');
        await gone;
      },
    };
  }
}

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => names.includes(name)));
}
