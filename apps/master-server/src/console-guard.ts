import { Console } from 'node:console';

/**
 * Sends everything that anybody prints with `console` to stderr, because stdout carries the protocol.
 *
 * Call it before anything else is imported.
 */
export function sendConsoleToStderr(): void {
  Object.assign(globalThis.console, new Console(process.stderr, process.stderr));
}
