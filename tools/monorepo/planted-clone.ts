/** A copy of this repository in a temporary folder, in which something can be broken. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { workspaceFolders } from '../workspace/projects.mjs';
import { ROOT } from './nx.ts';

/** What turns one target red. The file is added to the sources of a project. */
const BREAKS: Readonly<Record<string, { readonly file: string; readonly text: string }>> = {
  lint: { file: 'planted-lint.ts', text: 'var planted = 1;\nexport { planted };\n' },
  typecheck: { file: 'planted-type.ts', text: `export const planted: number = 'text';\n` },
  build: { file: 'planted-build.ts', text: `export const planted: number = 'text';\n` },
  test: {
    file: 'turns-red.test.ts',
    text: `import { expect, it } from '@jest/globals';\n\nit('fails', () => {\n  expect(1).toBe(2);\n});\n`,
  },
};

/** The targets that a break can be planted for. */
export const BREAKABLE: readonly string[] = Object.keys(BREAKS);

/** @returns Its folder; all files of the working tree are committed there. The caller removes it. */
export function cloneWorkspace(): string {
  const clone = realpathSync(mkdtempSync(join(tmpdir(), 'omni-clone-')));
  const git = (cwd: string, ...argv: readonly string[]): string =>
    execFileSync('git', argv, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  const files = git(ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0');
  for (const file of files.filter((name) => name !== '' && existsSync(join(ROOT, name))))
    cpSync(join(ROOT, file), join(clone, file));
  linkPackages(clone);
  git(clone, 'init', '--quiet', '--initial-branch=main');
  git(clone, 'add', '--all');
  const identity = [
    '-c',
    'user.name=nobody',
    '-c',
    'user.email=nobody@example.test',
    '-c',
    'commit.gpgsign=false',
  ];
  git(clone, ...identity, 'commit', '--quiet', '--no-verify', '--message=Clone');
  return clone;
}

/** Packages are those of the repository; the libraries of the workspace are those of the clone. */
export function linkPackages(clone: string): void {
  const from = join(ROOT, 'node_modules');
  const to = join(clone, 'node_modules');
  const link = (name: string): void => symlinkSync(join(from, name), join(to, name), 'junction');
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (!name.startsWith('@')) {
      link(name);
      continue;
    }
    mkdirSync(join(to, name));
    for (const inner of readdirSync(join(from, name))) if (name !== '@omni') link(`${name}/${inner}`);
  }
  for (const name of readdirSync(join(from, '@omni')))
    symlinkSync(readlinkSync(join(from, '@omni', name)), join(to, '@omni', name), 'junction');
  for (const folder of workspaceFolders(ROOT)) {
    const own = join(ROOT, folder, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(clone, folder, 'node_modules'), 'junction');
  }
}

/**
 * @param folder - Of the project.
 * @param targets - To turn red.
 * @returns Heals it.
 */
export function plantBreak(clone: string, folder: string, targets: readonly string[]): () => void {
  const sources = join(clone, folder, existsSync(join(clone, folder, 'src')) ? 'src' : '.');
  const planted = targets.flatMap((target) => {
    const { file, text } = BREAKS[target] ?? {};
    if (file === undefined || text === undefined) return [];
    const path = join(sources, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return [path];
  });
  return () => {
    for (const path of planted) rmSync(path);
  };
}
