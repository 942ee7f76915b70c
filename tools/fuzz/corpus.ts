import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'corpus');

/** The inputs that are kept for a target; none when there is no file. */
export function readCorpus(target: string): readonly Uint8Array[] {
  const file = fileOf(target);
  if (!existsSync(file)) return [];
  // Written below.
  return Object.values(JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>).map(
    fromText,
  );
}

/**
 * Writes the inputs of a target by number: one on a line, whoever formats it, and a character for each byte.
 */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(
    fileOf(target),
    `${asciiJson(Object.fromEntries(inputs.map((input, index) => [index, toText(input)])))}\n`,
  );
}

export function toText(input: Uint8Array): string {
  return Buffer.from(input).toString('latin1');
}

export function fromText(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** JSON that an editor does not change: what is no visible ASCII is escaped. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function fileOf(target: string): string {
  return join(FOLDER, `${target}.json`);
}
