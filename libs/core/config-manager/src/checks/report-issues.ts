import type * as z from 'zod/mini';
import { suggestion } from './closest-name.ts';
import { quoted, type ProblemList } from './config-problem.ts';
import {
  joinKey,
  kindOf,
  locate,
  type Located,
  type LocatedMap,
  type LocatedValue,
} from '../document/located-value.ts';

/**
 * Told to the schema: wording that a schema does not bring itself is found here, where positions are known.
 */
export const WORDLESS: { readonly error: () => string } = { error: () => '' };

export interface ReportOptions {
  /** What was validated. */
  readonly root: LocatedMap;
  /** Path of `root`: `mcpServers.github`; empty for the whole configuration. */
  readonly key: string;
  /** Keys that a map may hold, by its path below `root`, for suggestions. */
  readonly keysOf: (path: string) => readonly string[];
  readonly problems: Pick<ProblemList, 'add'>;
}

/** Settings whose values may hold credentials: messages say what kind of value was found, never the value. */
const PRIVATE_SETTINGS: ReadonlySet<PropertyKey> = new Set([
  'token',
  'tokens',
  'keys',
  'secret',
  'clientSecret',
  'command',
  'args',
  'env',
  'cwd',
  'url',
  'headers',
]);

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** Turns what a schema refused into lines with a place, what was found, and what was expected. */
export function reportIssues(issues: readonly z.core.$ZodIssue[], options: ReportOptions): void {
  for (const issue of issues) {
    const found = locate(options.root, issue.path);
    // That its variable is missing has been told.
    if (found.value.kind === 'scalar' && found.value.origin === 'unresolved') continue;
    const key = joinKey(options.key, found.key);
    if (issue.code === 'unrecognized_keys') reportUnknownKeys(issue.keys, found, options);
    else if (issue.code === 'invalid_key')
      options.problems.add(
        found.keyAt,
        key,
        `${quoted(String(issue.path.at(-1)))} ${issue.issues[0]?.message ?? ''}`,
      );
    else if (isMissing(issue.path, options.root))
      options.problems.add(found.value.at, key, `${key} needs ${quoted(String(issue.path.at(-1)))}`);
    else options.problems.add(found.value.at, key, `${key} ${wordsFor(issue, found.value)}`);
  }
}

/** Whether a path leads to a key that its map does not hold. */
function isMissing(path: readonly PropertyKey[], root: LocatedMap): boolean {
  if (path.length === 0) return false;
  const parent = locate(root, path.slice(0, -1)).value;
  return parent.kind === 'map' && !parent.entries.has(String(path.at(-1)));
}

function reportUnknownKeys(keys: readonly string[], found: Located, options: ReportOptions): void {
  const parent = joinKey(options.key, found.key);
  const owner = parent === '' ? 'the configuration' : quoted(parent);
  for (const key of keys) {
    const at = locate(found.value, [key]).keyAt;
    options.problems.add(
      at,
      joinKey(parent, key),
      `${quoted(key)} is not a key of ${owner}${suggestion(key, options.keysOf(found.key))}`,
    );
  }
}

function wordsFor(issue: z.core.$ZodIssue, value: LocatedValue): string {
  const printable = isPrintable(issue.path, value);
  const found = `, found ${printable ? printed(value) : kindOf(value)}`;
  if (issue.code === 'invalid_type')
    return issue.message === ''
      ? `must be ${EXPECTED[issue.expected] ?? issue.expected}${found}`
      : issue.message;
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const near =
      printable && value.kind === 'scalar' && typeof value.value === 'string'
        ? suggestion(value.value, values)
        : '';
    return `must be ${issue.values.map(choice).join(' or ')}${found}${near}`;
  }
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}${found}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}${found}`;
  const tellable = printable || (value.kind === 'scalar' && value.origin === 'expanded');
  return tellable ? `${issue.message}${found}` : issue.message;
}

function isPrintable(path: readonly PropertyKey[], value: LocatedValue): boolean {
  return (
    value.kind === 'scalar' &&
    /* guard: config/expanded-in-error */ value.origin === 'written' &&
    /* guard: config/private-settings */ !path.some((segment) => PRIVATE_SETTINGS.has(segment))
  );
}

function printed(value: LocatedValue): string {
  if (value.kind !== 'scalar' || value.value === null) return kindOf(value);
  return typeof value.value === 'string' ? quoted(value.value) : String(value.value);
}

function choice(value: z.core.util.Primitive): string {
  return typeof value === 'string' ? quoted(value) : String(value);
}
