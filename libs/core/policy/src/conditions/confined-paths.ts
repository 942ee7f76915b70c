import { type CelValue, isList, isMap } from './argument-values.ts';

/** Keys of arguments that are paths. */
const PATH_KEY = /path|file|dir|folder|root|^(?:cwd|src|source|dest|destination|uri)$/i;

const FILE_URL = /^file:/i;
/** Two letters at least: one letter is a drive. */
const OTHER_URL = /^[a-z][a-z0-9+.-]+:/i;
const DRIVE = /^[a-z]:/i;

/**
 * Whether a path, or a `file:` URL, is one of the folders or leads below it, by its letters alone: links are
 * for the server to follow or not.
 *
 * @param roots - Absolute folders. `.` has relative paths that do not climb out of where they begin.
 */
export function isWithin(path: string, roots: readonly string[]): boolean {
  const own = placeOf(path);
  return own !== undefined && roots.some((root) => isBelow(own, placeOf(root)));
}

/**
 * Whether all paths in arguments are within the folders: texts below keys such as `path`, `file` or
 * `directory`, and `file:` URLs below any key. URLs of other schemes are no paths.
 */
export function areConfined(values: CelValue, roots: readonly string[]): boolean {
  return confined(values, false, roots);
}

function confined(value: CelValue, isPath: boolean, roots: readonly string[]): boolean {
  if (typeof value === 'string') {
    const isFile = FILE_URL.test(value);
    return (
      (!isPath && !isFile) ||
      (!isFile && !DRIVE.test(value) && OTHER_URL.test(value)) ||
      isWithin(value, roots)
    );
  }
  if (isList(value)) return value.every((item) => confined(item, isPath, roots));
  if (!isMap(value)) return true;
  for (const [key, member] of value) if (!confined(member, isPath || PATH_KEY.test(key), roots)) return false;
  return true;
}

interface Place {
  /** `''` of a relative path, `/` or `c:/` of an absolute one. */
  readonly origin: string;
  readonly steps: readonly string[];
}

/** `undefined` where a path climbs out of its origin, or may mean something else to somebody else. */
function placeOf(path: string): Place | undefined {
  let text = path;
  if (FILE_URL.test(text)) {
    const local = /^file:(?:\/\/(?:localhost)?(?=\/))?(\/.*)$/is.exec(text)?.[1];
    if (local === undefined) return undefined;
    try {
      text = decodeURIComponent(local);
    } catch {
      return undefined;
    }
    if (/^\/[a-z]:/i.test(text)) text = text.slice(1);
  }
  text = text.replaceAll('\\', '/');
  // guard: policy/strange-paths
  if (text.includes('\0') || text.startsWith('//') || text.startsWith('~')) return undefined;
  const drive = DRIVE.test(text) ? text.slice(0, 2).toLowerCase() : '';
  const rest = text.slice(drive.length);
  if (drive !== '' && !rest.startsWith('/')) return undefined;
  const steps: string[] = [];
  for (const step of rest.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') {
      steps.push(step);
      continue;
    }
    // guard: policy/climbing-paths
    if (steps.length === 0) return undefined;
    steps.pop();
  }
  return { origin: rest.startsWith('/') ? `${drive}/` : '', steps };
}

function isBelow(place: Place, root: Place | undefined): boolean {
  return root?.origin === place.origin && root.steps.every((step, index) => place.steps[index] === step);
}
