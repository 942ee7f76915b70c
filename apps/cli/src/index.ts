export { runCommandLine } from './commands/command-line.ts';
export type { CommandContext } from './connection/target.ts';
export { processTerminal, type Terminal } from './output/terminal.ts';
