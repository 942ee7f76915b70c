import type { Role, RoleHost, RoleListener, RoleProgram } from '@omni/ports';

/** A role whose messages are under way for as long as a test wants. */
export class HeldRole implements Role {
  readonly data: unknown;
  readonly #listener: RoleListener;
  readonly #toRole: unknown[] = [];
  readonly #toMain: unknown[] = [];
  #handler: ((message: unknown) => void) | undefined;
  #end: (() => void) | undefined;
  isDead = false;
  /** A role that is stuck takes nothing and answers nothing. */
  isStuck = false;
  /** Resolves what `terminate` has returned; `undefined`: nobody has called it. */
  gone: (() => void) | undefined;
  /** Whether `terminate` ends at once. */
  readonly #endsAtOnce: () => boolean;

  constructor(program: RoleProgram, data: unknown, listener: RoleListener, endsAtOnce: () => boolean) {
    this.data = structuredClone(data);
    this.#listener = listener;
    this.#endsAtOnce = endsAtOnce;
    this.#end = program({
      data: this.data,
      post: (message) => void this.#toMain.push(structuredClone(message)),
      onMessage: (handler) => (this.#handler = handler),
    });
  }

  post(message: unknown): void {
    this.#toRole.push(structuredClone(message));
  }

  terminate(): Promise<void> {
    this.#stop();
    return new Promise((resolve) => {
      this.gone = resolve;
      if (this.#endsAtOnce()) resolve();
    });
  }

  /** @returns Whether there was anything to hand over. */
  deliverToRole(): boolean {
    if (this.isDead || this.isStuck || this.#toRole.length === 0) return false;
    this.#handler?.(this.#toRole.shift());
    return true;
  }

  /** Also what a dead one had sent. */
  deliverToMain(): boolean {
    if (this.#toMain.length === 0) return false;
    this.#listener.onMessage(this.#toMain.shift());
    return true;
  }

  /** Loses a message. */
  dropToMain(): void {
    this.#toMain.shift();
  }

  deliverAll(): void {
    for (let any = true; any;) any = [this.deliverToRole(), this.deliverToMain()].includes(true);
  }

  /** Dies by itself. */
  exit(reason = 'crashed'): void {
    if (this.isDead) return;
    this.#stop();
    this.#listener.onExit(reason);
  }

  #stop(): void {
    this.isDead = true;
    this.#end?.();
    this.#end = undefined;
  }
}

/** Starts {@link HeldRole}s. */
export class HeldRoleHost implements RoleHost {
  readonly sharesMemory: boolean;
  readonly roles: HeldRole[] = [];
  readonly #program: RoleProgram;
  /** Whether threads end when they are told to. */
  endsAtOnce = true;

  constructor(program: RoleProgram, { sharesMemory = true }: { readonly sharesMemory?: boolean } = {}) {
    this.#program = program;
    this.sharesMemory = sharesMemory;
  }

  get last(): HeldRole {
    const role = this.roles.at(-1);
    if (role === undefined) throw new TypeError('no role was started');
    return role;
  }

  start(data: unknown, listener: RoleListener): HeldRole {
    const role = new HeldRole(this.#program, data, listener, () => this.endsAtOnce);
    this.roles.push(role);
    return role;
  }

  deliverAll(): void {
    for (const role of this.roles) role.deliverAll();
  }
}
