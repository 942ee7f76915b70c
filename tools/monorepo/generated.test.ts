import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { checkOwnRules } from '../checks/own-rules.mjs';
import { bundledEntries, checkSizes } from '../checks/package-sizes.mjs';
import { readExample, runExample } from '../checks/readme-example.mjs';
import { checkExampleTypes } from '../checks/readme-types.mjs';
import { graphOf, ROOT, runNx, type NxRun } from './nx.ts';
import { cloneWorkspace } from './planted-clone.ts';

jest.setTimeout(5 * 60_000);

const GENERATORS = './tools/generators/generators.json';
const MADE = {
  '@omni/sample-lib': 'libs/core/sample-lib',
  '@omni/sample-files': 'libs/adapters/sample-files',
  '@omni/sample-app': 'apps/sample-app',
};
const LIBRARIES = ['libs/core/sample-lib', 'libs/adapters/sample-files'];
/** Has the contract and the fake of the new port; the interface is built on the way. */
const CHANGED = ['@omni/testing'];

let clone: string;
let installations: readonly string[];
let told: readonly string[];
let refused: readonly NxRun[];

/** Stands for npm, which would ask the network: notes what it was asked to do. */
const NPM = `#!/bin/sh
if [ "$1" = --version ]; then echo 11.0.0; else echo "$@" >> "$OMNI_NPM_LOG"; fi
`;

beforeAll(() => {
  clone = cloneWorkspace();
  const bin = join(clone, '.omni', 'bin');
  const log = join(clone, '.omni', 'npm.log');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'npm'), NPM);
  chmodSync(join(bin, 'npm'), 0o755);
  const env = { PATH: [bin, process.env['PATH']].join(delimiter), OMNI_NPM_LOG: log };
  const generate = (...argv: readonly string[]): NxRun => {
    const [generator = '', ...rest] = argv;
    return runNx(clone, ['generate', `${GENERATORS}:${generator}`, ...rest], env);
  };
  const runs = [
    generate('port', 'sample-store'),
    generate('lib', 'sample-lib'),
    generate('adapter', 'sample-files', 'sample-store'),
    generate('app', 'sample-app'),
  ];
  for (const { code, output } of runs) if (code !== 0) throw new Error(output);
  told = runs.map(({ output }) => output);
  installations = readFileSync(log, 'utf8').trim().split('\n');
  refused = [
    generate('lib', 'sample-lib'),
    generate('lib', 'Sample'),
    generate('adapter', 'other-files', 'no-such-port'),
  ];
  // What npm install does for a project of the workspace.
  for (const [name, folder] of Object.entries(MADE))
    symlinkSync(`../../${folder}`, join(clone, 'node_modules', name), 'junction');
});

afterAll(() => {
  rmSync(clone, { recursive: true, force: true });
});

describe('what the generators make', () => {
  it('is installed once for each project, and not for a port', () => {
    expect(installations).toEqual(['install', 'install', 'install']);
  });

  it('is known to Nx with its kind, its tags and its targets', () => {
    const { nodes } = graphOf(clone);
    const facts = (name: string): unknown => {
      const data = nodes[name]?.data;
      return {
        type: data?.projectType,
        tags: data?.tags,
        targets: Object.keys(data?.targets ?? {}).toSorted(),
      };
    };
    const targets = expect.arrayContaining(['build', 'lint', 'test', 'typecheck']);
    const tags = (...own: readonly string[]): unknown => expect.arrayContaining([...own]);
    expect(facts('@omni/sample-lib')).toEqual({
      type: 'library',
      tags: tags('layer:core', 'runtime:any'),
      targets,
    });
    expect(facts('@omni/sample-files')).toEqual({
      type: 'library',
      tags: tags('layer:adapters', 'runtime:node'),
      targets,
    });
    expect(facts('@omni/sample-app')).toEqual({
      type: 'application',
      tags: tags('layer:app', 'runtime:node'),
      targets,
    });
  });

  it('is built, linted, type-checked and tested', () => {
    const projects = [...Object.keys(MADE), ...CHANGED].join(',');
    const argv = ['run-many', '--targets=build,lint,typecheck,test', `--projects=${projects}`];
    const { code, output } = runNx(clone, [...argv, '--outputStyle=static']);
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringContaining('Successfully ran targets'),
    });
    expect(existsSync(join(clone, 'libs/core/sample-lib/dist/index.js'))).toBe(true);
  });

  it('keeps the layers', () => {
    const tool = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
    const { status, stdout } = spawnSync(process.execPath, [tool, 'libs', 'apps'], {
      cwd: clone,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringContaining('no dependency violations'),
    });
  });

  it('keeps the own rules', () => {
    expect(checkOwnRules(clone)).toEqual([]);
  });

  it('is within its budget', async () => {
    const { BUDGETS } = await import(join(clone, 'tools/checks/package-sizes.mjs'));
    const made = bundledEntries(clone).filter(({ name }) => name in MADE);
    const budgets = Object.fromEntries(made.map(({ name }) => [name, BUDGETS[name]]));
    expect(Object.keys(budgets)).toEqual(['@omni/sample-files', '@omni/sample-lib']);
    expect(await checkSizes(made, budgets)).toEqual([]);
  });

  it('comes with the steps that are left', () => {
    expect(told).toEqual([
      expect.stringMatching(/Give sampleStoreContract a sound adapter(?:.|\n)*api-reports\.mjs --write/),
      expect.stringMatching(/api-reports\.mjs --write(?:.|\n)*BUDGETS/),
      expect.stringMatching(/api-reports\.mjs --write(?:.|\n)*BUDGETS/),
      expect.not.stringContaining('Next, when'),
    ]);
  });

  it('is formatted', () => {
    const changed = execFileSync('git', ['ls-files', '-z', '--modified', '--others', '--exclude-standard'], {
      cwd: clone,
      encoding: 'utf8',
    });
    const files = changed.split('\0').filter((file) => file !== '' && !file.startsWith('.omni/'));
    const tool = join(ROOT, 'node_modules/prettier/bin/prettier.cjs');
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [tool, '--list-different', '--ignore-unknown', ...files],
      {
        cwd: clone,
        encoding: 'utf8',
      },
    );
    expect(stdout + stderr).toBe('');
  });

  it.each(LIBRARIES)('has an example in the README of %s that compiles and runs', async (folder) => {
    expect(checkExampleTypes(clone, [folder]).get(folder)).toEqual([]);
    const example = readExample(join(clone, folder)) ?? '';
    expect(await runExample(join(clone, folder), example)).toMatchObject({ code: 0 });
  });
});

describe('a generator', () => {
  it.each([
    [0, 'libs/core/sample-lib is there already; take another name or remove it.'],
    [1, `Property 'name' does not match the schema. 'Sample' should match the pattern`],
    [2, 'There is no port no-such-port; npm run generate port no-such-port makes one with a contract suite.'],
  ])('refuses what cannot be made (%i)', (index, words) => {
    expect(refused[index]?.code).not.toBe(0);
    expect(refused[index]?.output).toContain(words);
  });
});
