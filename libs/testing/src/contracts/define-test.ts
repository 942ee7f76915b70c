/**
 * Defines one test: `it` of Jest, Vitest, `node:test` or any other runner. A suite defines its tests while it
 * is called, side by side and each on its own, so that a runner may run several at a time. It sets no time
 * limit; the runner's counts.
 */
export type DefineTest = (title: string, run: () => void | Promise<void>) => unknown;
