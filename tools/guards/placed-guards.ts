import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Guard } from './guard.ts';
import { markersIn, type Marker } from './markers.ts';

/** What is to be changed in a file so that a guard is gone. */
export interface Removal {
  /** Path from the root of the workspace, with forward slashes. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** What stands there with the guard. */
  readonly was: string;
  readonly text: string;
}

/** Where tests stand that must notice: those that are defined between two lines of a file. */
export interface TestPlace {
  readonly file: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

/** A guard of the list, and what the markers say of it. */
export interface PlacedGuard extends Guard {
  readonly removals: readonly Removal[];
  readonly tests: readonly TestPlace[];
}

export interface Placement {
  readonly guards: readonly PlacedGuard[];
  /**
   * Why a guard cannot be taken away, by its name; what is wrong with a marker, by the name in the marker.
   */
  readonly problems: ReadonlyMap<string, string>;
}

/** Finds each guard of the list in the sources of the workspace. */
export function placeGuards(root: string, list: readonly Guard[]): Placement {
  const markers = sourceFiles(root).flatMap((file) =>
    markersIn(file, readFileSync(join(root, file), 'utf8')),
  );
  return placedAt(list, markers, (file) => readFileSync(join(root, file), 'utf8'));
}

/** @param read - The text of a file that has a marker. */
export function placedAt(
  list: readonly Guard[],
  markers: readonly Marker[],
  read: (file: string) => string,
): Placement {
  const problems = new Map<string, string>();
  for (const { guard, file, firstLine } of markers) {
    if (!list.some(({ name }) => name === guard))
      problems.set(guard, `${file}:${firstLine} marks it, and tools/guards/list does not have it`);
  }
  const guards = list.flatMap((guard): readonly PlacedGuard[] => {
    const own = markers.filter((marker) => marker.guard === guard.name);
    const [places, tests] = [own.filter(({ isTest }) => !isTest), own.filter(({ isTest }) => isTest)];
    const problem = problemOf(guard, places, tests);
    if (problem !== undefined) problems.set(guard.name, problem);
    return problem === undefined
      ? [{ ...guard, removals: places.map((place) => removal(guard, place, read(place.file))), tests }]
      : [];
  });
  return { guards, problems };
}

function problemOf(
  { without, places: wanted = 1 }: Guard,
  places: readonly Marker[],
  tests: readonly Marker[],
): string | undefined {
  if (places.length !== wanted) {
    const where = places.map(({ file, firstLine }) => ` ${file}:${firstLine}`).join('');
    return `${places.length} places are marked with it in place of ${wanted}${where}`;
  }
  if (!tests.some(({ file }) => file.endsWith('.test.ts'))) return 'no test is marked with it';
  const [stuck] = without === undefined ? places.filter(({ dropped }) => dropped === undefined) : [];
  return stuck === undefined
    ? undefined
    : `${stuck.file}:${stuck.firstLine} cannot be dropped: say in the list what stands there without it`;
}

function removal({ without }: Guard, { file, start, end, dropped }: Marker, text: string): Removal {
  const edit = without === undefined ? (dropped ?? { start, end, text: '' }) : { start, end, text: without };
  return { file, ...edit, was: text.slice(edit.start, edit.end) };
}

function sourceFiles(root: string): readonly string[] {
  const files = globSync(['libs/**/*.ts', 'apps/**/*.ts'], {
    cwd: root,
    exclude: (name) => /(^|[\\/])(node_modules|dist|out-tsc)$/.test(name),
  });
  return files.map((file) => file.replaceAll('\\', '/')).sort();
}
