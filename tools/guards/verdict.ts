import { isNightly, type Guard } from './guard.ts';

/** What became of one test file in one run. */
export interface FileResult {
  /** Name of the guard that was taken away; {@link BASELINE} when none was. */
  readonly project: string;
  /** Absolute path. */
  readonly file: string;
  /** The tests that ran. */
  readonly tests: readonly { readonly title: string; readonly hasPassed: boolean; readonly message: string }[];
  /** Why the file could not be loaded. */
  readonly loadError: string | undefined;
}

/** Name of the runs with all guards in place. */
export const BASELINE = 'baseline';

export interface Verdict {
  readonly guard: Guard;
  /** Why its test proves nothing; `undefined` when it does. */
  readonly defect: string | undefined;
  /** Titles of the tests that failed without it. */
  readonly noticedBy: readonly string[];
}

/** A replacement that is itself broken fails every test for the wrong reason. */
const BROKEN_REPLACEMENT = /\bReferenceError: /;

/**
 * Whether a test notices that a guard is gone.
 *
 * @param baseline - The same file with all guards in place.
 */
export function verdictOf(guard: Guard, baseline: FileResult | undefined, without: FileResult | undefined): Verdict {
  const noticedBy = (without?.tests ?? []).filter(({ hasPassed }) => !hasPassed).map((test) => test.title);
  return { guard, noticedBy, defect: defectOf(guard, baseline, without) };
}

function defectOf(guard: Guard, baseline: FileResult | undefined, without: FileResult | undefined): string | undefined {
  const { title } = guard.test;
  if (baseline === undefined) return 'the test file did not end with all guards in place';
  if (without === undefined) return 'its test does not end without it: fail there, so that nobody waits';
  if (baseline.loadError !== undefined) return `the test file cannot be loaded: ${firstLine(baseline.loadError)}`;
  const meant = baseline.tests.filter((test) => test.title.includes(title));
  if (meant.length === 0) return 'there is no test of this title';
  if (meant.some(({ hasPassed }) => !hasPassed)) return 'the test fails with the guard in place';
  if (without.loadError !== undefined) return `nothing can be loaded without it: ${firstLine(without.loadError)}`;
  const failed = without.tests.filter(({ hasPassed }) => !hasPassed);
  const broken = failed.find(({ message }) => BROKEN_REPLACEMENT.test(message));
  if (broken !== undefined) return `its replacement is broken: ${firstLine(broken.message)}`;
  if (!failed.some((test) => test.title.includes(title))) {
    return failed.length === 0
      ? 'every test passes without it'
      : `the named test passes without it; it is noticed by "${failed[0]?.title}"`;
  }
  // Of long files only the tests that are meant run, so that there may be no other.
  const isAllLost = !isNightly(guard) && without.tests.length > 1 && failed.length === without.tests.length;
  return isAllLost ? 'every test fails without it: it takes more away than the guard' : undefined;
}

function firstLine(text: string): string {
  return (text.split('\n').find((line) => line.trim() !== '' && !line.includes('●')) ?? '').trim().slice(0, 300);
}
