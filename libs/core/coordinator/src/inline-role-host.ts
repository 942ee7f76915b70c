import type { Role, RoleHost, RoleListener, RoleProgram } from '@omni/ports';

/**
 * Runs a role in the loop of whoever starts it: messages arrive before `post` returns, as copies, so that
 * what works here works in a thread.
 */
export class InlineRoleHost implements RoleHost {
  readonly sharesMemory = true;
  readonly #program: RoleProgram;

  constructor(program: RoleProgram) {
    this.#program = program;
  }

  start(data: unknown, listener: RoleListener): Role {
    let isOver = false;
    let end: (() => void) | undefined;
    let handler: ((message: unknown) => void) | undefined;
    const early: unknown[] = [];
    const exit = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      end?.();
      listener.onExit(reason);
    };
    const attempt = (run: () => void): void => {
      try {
        run();
      } catch (error) {
        exit(error instanceof Error ? error.message : String(error));
      }
    };
    const give = (message: unknown): void => {
      if (handler === undefined) early.push(message);
      else handler(message);
    };
    attempt(() => {
      end = this.#program({
        data: structuredClone(data),
        post: (message) => {
          const copy: unknown = structuredClone(message);
          if (!isOver) listener.onMessage(copy);
        },
        onMessage: (given) => {
          handler = given;
          for (const message of early.splice(0)) given(message);
        },
      });
    });
    return {
      post: (message) => {
        const copy: unknown = structuredClone(message);
        if (!isOver) attempt(() => give(copy));
      },
      terminate: () => {
        exit('was ended');
        return Promise.resolve();
      },
    };
  }
}
