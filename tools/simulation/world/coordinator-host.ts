import { InlineRoleHost } from '@omni/coordinator';
import type { Role, RoleHost, RoleListener, RoleProgram } from '@omni/ports';

/** A role that may die, or stand still until it is ended, and for a while longer. */
class MortalRole implements Role {
  readonly #role: Role;
  readonly #listener: RoleListener;
  #isHanging = false;
  #isOver = false;
  #goes: (() => void) | undefined;
  /** What it says while nobody can hear it. */
  readonly #late: unknown[] = [];

  constructor(host: RoleHost, data: unknown, listener: RoleListener) {
    this.#listener = listener;
    this.#role = host.start(data, {
      onMessage: (message) => {
        if (this.#isHanging) this.#late.push(message);
        else listener.onMessage(message);
      },
      onExit: (reason) => {
        if (this.#isOver) return;
        this.#isOver = true;
        listener.onExit(reason);
      },
    });
  }

  get isHanging(): boolean {
    return this.#isHanging && !this.#isOver;
  }

  post(message: unknown): void {
    if (!this.#isHanging) this.#role.post(message);
  }

  async terminate(): Promise<void> {
    this.#isOver = true;
    await this.#role.terminate();
    // A thread inside a system call is gone when that returns.
    if (this.#isHanging) await new Promise<void>((resolve) => (this.#goes = resolve));
  }

  /** What it was told is lost with it, and what it says comes when somebody else has its place. */
  hang(): void {
    this.#isHanging = true;
  }

  /** Where it has hung, it has lost what it was told. */
  release(): void {
    if (!this.#isHanging) return;
    for (const message of this.#late.splice(0)) this.#listener.onMessage(message);
    if (!this.#isOver) this.die();
    this.#isHanging = false;
    this.#goes?.();
  }

  die(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#role.terminate();
    this.#listener.onExit('was ended by the simulation');
  }
}

/** Where the coordinator of a simulated gateway runs. */
export class CoordinatorHost implements RoleHost {
  readonly sharesMemory = true;
  readonly #host: RoleHost;
  readonly #hanging = new Set<MortalRole>();
  #role: MortalRole | undefined;

  constructor(program: RoleProgram) {
    this.#host = new InlineRoleHost(program);
  }

  /** Whether what is reported has no decision for now. */
  get isHanging(): boolean {
    return this.#role?.isHanging === true;
  }

  start(data: unknown, listener: RoleListener): Role {
    return (this.#role = new MortalRole(this.#host, data, listener));
  }

  die(): void {
    this.#role?.die();
  }

  hang(): void {
    if (this.#role === undefined) return;
    this.#hanging.add(this.#role);
    this.#role.hang();
  }

  /** Whatever stands still is gone. */
  release(): void {
    for (const role of this.#hanging) role.release();
    this.#hanging.clear();
  }
}
