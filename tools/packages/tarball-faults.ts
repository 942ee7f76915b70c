/** What must be in a tarball, and what must not. */
import { imports } from './imports.ts';
import type { Manifest } from './libraries.ts';

export interface TarballFacts {
  /** Paths inside the package. */
  readonly files: ReadonlySet<string>;
  /** @returns The text of one of them. */
  readonly read: (path: string) => string;
  /** Text of the workspace's licence. */
  readonly licence: string;
}

const NEEDED = ['package.json', 'README.md', 'LICENSE'];
const UNWANTED = /\.(test|fixture)\.[a-z.]+$|\.tsbuildinfo$|(^|\/)\./;
const CODE = /\.(js|d\.ts)$/;

/** @returns What is wrong, one sentence each. */
export function tarballFaults(manifest: Manifest, { files, read, licence }: TarballFacts): string[] {
  const faults: string[] = [];
  for (const path of [...NEEDED, ...targetsOf(manifest)])
    if (!files.has(path)) faults.push(`${path} is missing`);
  if (files.has('LICENSE') && read('LICENSE') !== licence)
    faults.push('LICENSE is not that of the workspace');
  for (const path of files) {
    if (UNWANTED.test(path)) faults.push(`${path} is of no use to whoever installs it`);
    const source = /^dist\/(.*)\.js$/.exec(path)?.[1];
    if (source !== undefined && !files.has(`src/${source}.ts`)) faults.push(`${path} has no source`);
  }
  return [...faults, ...undeclared(manifest, files, read)];
}

/** Files that `exports` promises. */
function targetsOf({ exports = {} }: Manifest): string[] {
  const targets = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  );
  return [...new Set(targets.map((target) => target.replace(/^\.\//, '')))];
}

/** What its code imports and its manifest does not declare works only where somebody else installed it. */
function undeclared(
  manifest: Manifest,
  files: ReadonlySet<string>,
  read: (path: string) => string,
): string[] {
  const { name, dependencies, optionalDependencies, peerDependencies, nx } = manifest;
  const declared = new Set([
    name,
    ...Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
  ]);
  const isNeutral = nx?.tags?.includes('runtime:any') === true;
  const faults = new Set<string>();
  for (const path of [...files].filter((file) => file.startsWith('dist/') && CODE.test(file))) {
    const { packages, usesNode } = imports(read(path));
    for (const found of packages)
      if (!declared.has(found)) faults.add(`${path} imports ${found}, which package.json does not declare`);
    if (usesNode && isNeutral) faults.add(`${path} imports a module of Node and is to run in any runtime`);
  }
  return [...faults];
}
