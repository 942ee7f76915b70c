import { spawnSync } from 'node:child_process';

/** Branches that changes are made for, the first that is there counts. */
const MAIN = ['main', 'origin/main', 'origin/HEAD'];

/**
 * @param root - Folder of the repository.
 * @returns Paths of the files that differ from the main branch, in commits since it was left, in the working
 * tree, or because nobody has added them yet; `undefined` when there is no main branch to compare with.
 */
export function changedFiles(root: string): ReadonlySet<string> | undefined {
  const git = (...args: readonly string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
    return status === 0 ? stdout : undefined;
  };
  const base = MAIN.map((branch) => git('merge-base', 'HEAD', branch)?.trim()).find(
    (commit) => commit !== undefined,
  );
  if (base === undefined) return undefined;
  const changed = git('diff', '--name-only', '--no-renames', '-z', base);
  const added = git('ls-files', '--others', '--exclude-standard', '-z');
  if (changed === undefined || added === undefined) return undefined;
  return new Set(`${changed}\0${added}`.split('\0').filter((file) => file !== ''));
}
