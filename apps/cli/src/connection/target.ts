import type { RpcConnection } from './rpc-message.ts';
import type { ServerStatus } from '../output/server-list.ts';
import type { Terminal } from '../output/terminal.ts';

/** A gateway that a command talks to. */
export interface Target {
  /** All servers behind it, in the order of its configuration. */
  servers(signal: AbortSignal): Promise<readonly ServerStatus[]>;
  /** @param server - The one server to talk to, under its own names; all servers when absent. */
  connect(server?: string): RpcConnection;
  close(): Promise<void>;
}

/** Which gateway, as options of a command. */
export interface TargetOptions {
  /** Runs this configuration for the length of the command. */
  readonly config?: string;
  /** Whether one server that is wrong in a client's file stops all of them. */
  readonly strict?: boolean;
  /** A running gateway. */
  readonly url?: string;
  readonly token?: string;
  readonly debug: boolean;
}

/** Everything a command gets from its caller. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborted when the user interrupts; the reason is a {@link GatewayError}. */
  readonly signal: AbortSignal;
}
