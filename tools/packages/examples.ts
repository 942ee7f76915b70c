/** What documents promise to run: the examples of the READMEs and the hosts of the embedding guide. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Library } from './libraries.ts';

export interface Example {
  /** What it belongs to: a package, or the file of a host. */
  readonly of: string;
  /** Name of its file, without an ending. */
  readonly name: string;
  readonly text: string;
}

const BLOCK = /^```ts\n(.*?)^```$/gms;

/** @returns The blocks of a document that are marked `ts`. */
export function blocksOf(markdown: string): string[] {
  return [...markdown.replaceAll('\r\n', '\n').matchAll(BLOCK)].map(([, text = '']) => text);
}

/**
 * @param installed - Folder that holds the installed packages by name.
 * @returns Examples of the READMEs as they were packed. A library without one is an example that fails.
 */
export function readmeExamples(installed: string, libraries: readonly Library[]): Example[] {
  return libraries.flatMap(({ manifest: { name } }) => {
    const blocks = blocksOf(readFileSync(join(installed, name, 'README.md'), 'utf8'));
    const file = name.replace('@', '').replace('/', '-');
    if (blocks.length === 0)
      return [{ of: name, name: file, text: "throw new RangeError('its README has no example');\n" }];
    return blocks.map((text, index) => ({ of: name, name: `${file}-${index + 1}`, text }));
  });
}

/** @returns The programs of a folder, sorted by name; none when there is no such folder. */
export function hostsOf(folder: string): Example[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort()
    .map((file) => ({
      of: `docs/examples/${file}`,
      name: `host-${file.slice(0, -3)}`,
      text: readFileSync(join(folder, file), 'utf8'),
    }));
}
