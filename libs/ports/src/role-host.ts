/** Told by a role that runs. */
export interface RoleListener {
  /** @param message - Plain data, a copy of its own. */
  onMessage(message: unknown): void;
  /**
   * Called once, when the role has ended: by itself, by a failure, or by {@link Role.terminate}. No message
   * follows.
   *
   * @param reason - One line for the log.
   */
  onExit(reason: string): void;
}

/** A part of Omni that runs on its own, and may die alone. It keeps no process alive. */
export interface Role {
  /**
   * Sends it a message; one that comes too late is dropped.
   *
   * @param message - Plain data: it is copied.
   * @throws What the runtime throws for what cannot be copied, such as a function.
   */
  post(message: unknown): void;
  /**
   * Ends it, whatever it does. No message comes from it once this has been called.
   *
   * @returns Resolves when nothing of it runs any more. A thread inside a system call runs until that
   * returns, which may be never.
   */
  terminate(): Promise<void>;
}

/** What a role sees of the one who started it. */
export interface RolePort {
  /** What it was started with. */
  readonly data: unknown;
  /** As {@link Role.post}. */
  post(message: unknown): void;
  /** Messages that came earlier are given to it first. */
  onMessage(handler: (message: unknown) => void): void;
}

/**
 * What a role does: called once, where the role runs.
 *
 * @returns Ends what it has begun. Called only where the role shares its loop with others: elsewhere its
 * thread or process ends.
 */
export type RoleProgram = (port: RolePort) => () => void;

/** Where roles run: in the same loop, in a thread, in a process. */
export interface RoleHost {
  /** Whether a `SharedArrayBuffer` in the data is one memory for both sides. */
  readonly sharesMemory: boolean;
  /**
   * Starts the program that this host was made for. A start that fails is an exit.
   *
   * @param data - Plain data.
   */
  start(data: unknown, listener: RoleListener): Role;
}
