import type { DefineTest } from './define-test.ts';

/** Runs the tests that a suite defines. @returns The titles of those that fail. */
export async function failedTitles(define: (it: DefineTest) => void): Promise<readonly string[]> {
  const tests: { readonly title: string; readonly run: () => void | Promise<void> }[] = [];
  define((title, run) => tests.push({ title, run }));
  const failed: string[] = [];
  for (const { title, run } of tests) {
    try {
      await run();
    } catch {
      failed.push(title);
    }
  }
  return failed;
}
