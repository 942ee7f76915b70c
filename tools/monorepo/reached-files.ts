import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { ROOT } from './nx.ts';

const EXPORTS = readExports();

/** Every file that is imported, or named by a path, from these on; paths from the root. */
export function reachedFrom(files: readonly string[]): readonly string[] {
  const reached = new Set<string>();
  const left = [...files];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    left.push(...namedIn(file));
  }
  return [...reached];
}

/** @returns The files that one file imports, or names by a path; paths from the root. */
export function namedIn(file: string): readonly string[] {
  if (!/\.(?:ts|mjs)$/.test(file)) return [];
  return stringsIn(readFileSync(join(ROOT, file), 'utf8')).flatMap((name) => {
    const target = name.startsWith('@') ? EXPORTS.get(name) : join(ROOT, dirname(file), name);
    const isFile = target !== undefined && existsSync(target) && statSync(target).isFile();
    return isFile ? [relative(ROOT, target)] : [];
  });
}

function stringsIn(text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && /^(?:\.|@omni\/[\w-]+(?:\/[\w-]+)?$|[\w-]+\.\w+$)/.test(node.text))
      found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest));
  return found;
}

/** @returns What libraries and apps show to others, by the name that it is imported by. */
function readExports(): ReadonlyMap<string, string> {
  const manifests = globSync(['libs/*/package.json', 'libs/*/*/package.json', 'apps/*/package.json'], {
    cwd: ROOT,
  });
  return new Map(
    manifests.flatMap((file) => {
      const { name, exports } = JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
      return Object.entries<{ '@omni/source'?: string }>(exports).flatMap(
        ([entry, targets]): [string, string][] => {
          const source = targets['@omni/source'];
          return source === undefined ? [] : [[join(name, entry), resolve(ROOT, dirname(file), source)]];
        },
      );
    }),
  );
}
