export { runCommandLine } from './command-line.ts';
export type { CommandContext } from './target.ts';
export { processTerminal, type Terminal } from './terminal.ts';
