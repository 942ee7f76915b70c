import type { PlacedGuard } from './placed-guards.ts';

/** What became of one test file in one run. */
export interface FileResult {
  /** Name of the guard that was taken away; {@link BASELINE} when none was. */
  readonly project: string;
  /** Absolute path. */
  readonly file: string;
  /** The tests that ran. */
  readonly tests: readonly {
    readonly title: string;
    readonly hasPassed: boolean;
    readonly durationMs: number;
    readonly message: string;
  }[];
  /** Titles of the tests that are marked with a guard, by its name. */
  readonly meant: Readonly<Record<string, readonly string[]>>;
  /** Why the file could not be loaded. */
  readonly loadError: string | undefined;
}

/** Name of the runs with all guards in place. */
export const BASELINE = 'baseline';

export interface Verdict {
  readonly guard: string;
  /** Path of the test file, from the root of the workspace. */
  readonly file: string;
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
 * @param file - The test file.
 * @param baseline - The same file with all guards in place.
 */
export function verdictOf(
  { name }: Pick<PlacedGuard, 'name'>,
  file: string,
  baseline: FileResult | undefined,
  without: FileResult | undefined,
): Verdict {
  const noticedBy = (without?.tests ?? []).filter(({ hasPassed }) => !hasPassed).map(({ title }) => title);
  return { guard: name, file, noticedBy, defect: defectOf(name, baseline, without) };
}

function defectOf(
  name: string,
  baseline: FileResult | undefined,
  without: FileResult | undefined,
): string | undefined {
  if (baseline === undefined) return 'the test file did not end with all guards in place';
  if (baseline.loadError !== undefined)
    return `the test file cannot be loaded: ${firstLine(baseline.loadError)}`;
  const meant = new Set(baseline.meant[name]);
  if (meant.size === 0) return 'the marker stands at no test that runs';
  if (baseline.tests.some(({ title, hasPassed }) => meant.has(title) && !hasPassed))
    return 'the test fails with the guard in place';
  if (without === undefined) return 'its test does not end without it: fail there, so that nobody waits';
  if (without.loadError !== undefined)
    return `nothing can be loaded without it: ${firstLine(without.loadError)}`;
  const failed = without.tests.filter(({ hasPassed }) => !hasPassed);
  const broken = failed.find(({ message }) => BROKEN_REPLACEMENT.test(message));
  if (broken !== undefined) return `its replacement is broken: ${firstLine(broken.message)}`;
  if (!failed.some(({ title }) => meant.has(title))) return 'the marked test passes without it';
  const others = without.tests.filter(({ title }) => !meant.has(title));
  const isAllLost = others.length > 0 && failed.length === without.tests.length;
  return isAllLost ? 'every test fails without it: it takes more away than the guard' : undefined;
}

function firstLine(text: string): string {
  return (text.split('\n').find((line) => line.trim() !== '' && !line.includes('●')) ?? '')
    .trim()
    .slice(0, 300);
}
