/** A check that protects somebody, the way to take it away, and the test that must notice. */
export interface Guard {
  /** Short and unique: `area/what`. */
  readonly name: string;
  /** What happens without it, in one line. */
  readonly against: string;
  /** The advisory, page of the specification or decision that demands it. */
  readonly rule?: string;
  /** Path from the root of the workspace. */
  readonly file: string;
  /** Text of the file that stands there exactly once. */
  readonly find: string;
  /** What stands there when the guard is taken away; it must compile. */
  readonly replace: string;
  readonly test: {
    /** Path from the root of the workspace. */
    readonly file: string;
    /** Part of the title of each test that must fail. */
    readonly title: string;
  };
}

/** Tests that start processes, end them, and wait: long, and not to be run beside one another. */
const RUNS_ALONE = /^apps\/[^/]+-e2e\/|\/(?:child-launcher|orphan-sweep)\.test\.ts$/;

/** Whether its test is left to the nightly run. */
export function isNightly({ test }: Guard): boolean {
  return RUNS_ALONE.test(test.file);
}
