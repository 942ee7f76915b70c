import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changedFiles } from './changed-files.ts';

describe('changedFiles', () => {
  let root = '';
  const git = (...args: readonly string[]): void => {
    const { status, stderr } = spawnSync(
      'git',
      ['-c', 'user.name=x', '-c', 'user.email=x@example.test', ...args],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(stderr);
  };
  const commit = (file: string, text: string): void => {
    writeFileSync(join(root, file), text);
    git('add', '-A');
    git('commit', '-q', '-m', file);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'omni-changed-'));
    git('init', '-q', '-b', 'main');
    commit('old.ts', '1');
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('is nothing on a clean main branch', () => {
    expect(changedFiles(root)).toEqual(new Set());
  });

  it('is what a branch has committed, what is not committed and what nobody has added, but not what main did meanwhile', () => {
    git('switch', '-q', '-c', 'branch');
    commit('committed.ts', '1');
    git('switch', '-q', 'main');
    commit('meanwhile.ts', '1');
    git('switch', '-q', 'branch');
    writeFileSync(join(root, 'old.ts'), '2');
    writeFileSync(join(root, 'ünadded file.ts'), '1');
    expect(changedFiles(root)).toEqual(new Set(['committed.ts', 'old.ts', 'ünadded file.ts']));
  });

  it('does not know without a main branch', () => {
    git('branch', '-m', 'elsewhere');
    expect(changedFiles(root)).toBeUndefined();
  });

  it('does not know outside of a repository', () => {
    rmSync(join(root, '.git'), { recursive: true });
    expect(changedFiles(root)).toBeUndefined();
  });
});
