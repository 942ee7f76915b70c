/** The one place that takes a guard away: in memory, on the way from the file to whoever loads it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ readonly name: string, readonly file: string, readonly find: string, readonly replace: string }} Removal */

/**
 * @param {Removal} guard
 * @param {string} source
 * @returns {string} the source without the guard
 * @throws {Error} when the text of the guard does not stand there exactly once
 */
export function withoutGuard({ name, file, find, replace }, source) {
  const text = source.replaceAll('\r\n', '\n');
  const parts = text.split(find);
  if (parts.length === 2) return parts.join(replace);
  const times = parts.length === 1 ? 'no longer stands there' : `stands there ${parts.length - 1} times`;
  throw new Error(`guard ${name}: ${file} has changed, its text ${times}; update tools/guards`);
}

/**
 * @param {string} root
 * @param {Removal} guard
 * @returns {string | undefined} why this guard cannot be taken away
 */
export function problemOf(root, guard) {
  try {
    withoutGuard(guard, readFileSync(join(root, guard.file), 'utf8'));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
