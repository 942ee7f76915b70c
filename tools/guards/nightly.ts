import type { PlacedGuard } from './placed-guards.ts';

/** Tests that start processes, end them, and wait: long, and not to be run beside one another. */
const RUNS_ALONE = /^apps\/[^/]+-e2e\/|\/(?:child-launcher|orphan-sweep)\.test\.ts$/;

/** Whether the guards of a test file are left to the nightly run. */
export function isNightly(testFile: string): boolean {
  return RUNS_ALONE.test(testFile);
}

/** The test files that must notice that a guard is gone. */
export function testFilesOf({ tests }: PlacedGuard): readonly string[] {
  return [...new Set(tests.map(({ file }) => file))].filter((file) => file.endsWith('.test.ts'));
}
