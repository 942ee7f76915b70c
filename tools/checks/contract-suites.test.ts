import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as contracts from '@omni/testing/contracts';
import { FAULTY_ADAPTERS } from './contract-suites/faulty-adapters.ts';
import { SOUND_ADAPTERS } from './contract-suites/sound-adapters.ts';

const ROOT = join(import.meta.dirname, '../..');
const HERE = join(import.meta.dirname, 'contract-suites');
const TIMEOUT_MS = 120_000;

/** How Node is called for each runner: without a flag for its modules. Both report as TAP. */
const RUNNERS: Readonly<Record<string, readonly string[]>> = {
  'node:test': [
    '--conditions=@omni/source',
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-reporter=tap',
    '--test-timeout=30000',
    join(HERE, 'under-node-test.ts'),
  ],
  Vitest: [
    join(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    `--config=${join(HERE, 'vitest.config.mjs')}`,
    '--reporter=tap-flat',
    '--test-timeout=30000',
  ],
};

interface Report {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** Titles as `<suite>: <title>`. */
async function run(argv: readonly string[], adapters: 'sound' | 'faulty'): Promise<Report> {
  const output = await new Promise<string>((resolve) => {
    const plain = Object.entries(process.env).filter(([name]) => !/^(?:NODE|JEST|VITEST)_/.test(name));
    execFile(
      process.execPath,
      argv,
      {
        cwd: ROOT,
        env: { ...Object.fromEntries(plain), OMNI_CONTRACT_ADAPTERS: adapters },
        timeout: TIMEOUT_MS,
      },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
  const results = [
    ...output.matchAll(/^ *(ok|not ok) \d+ - (?:.* > )?(\w+Contract|\w+Credentials): (.*?)(?: # .*)?$/gm),
  ];
  const titles = (outcome: string): string[] =>
    results.filter(([, found]) => found === outcome).map(([, , suite, title]) => `${suite}: ${title}`);
  const report = { passed: titles('ok'), failed: titles('not ok') };
  if (results.length === 0) throw new TypeError(output);
  return report;
}

describe.each(Object.entries(RUNNERS))('the contract suites under %s', (_runner, argv) => {
  let sound: Report;
  let faulty: Report;

  beforeAll(async () => {
    sound = await run(argv, 'sound');
    faulty = await run(argv, 'faulty');
  }, 2 * TIMEOUT_MS);

  it.each(Object.keys(SOUND_ADAPTERS))('are passed by sound adapters: %s', (suite) => {
    const own = (titles: readonly string[]): string[] =>
      titles.filter((title) => title.startsWith(`${suite}: `));
    expect(own(sound.failed)).toEqual([]);
    expect(own(sound.passed).length).toBeGreaterThan(2);
  });

  it.each(Object.entries(FAULTY_ADAPTERS))('are not passed by a faulty adapter: %s', (suite, { noticed }) => {
    expect(faulty.failed.filter((title) => title.startsWith(`${suite}: ${noticed}`))).toHaveLength(1);
  });

  it('find nothing else wrong with an adapter that breaks one promise', () => {
    expect(faulty.passed.length).toBeGreaterThan(faulty.failed.length);
  });
});

describe('the lists of adapters', () => {
  it('have every suite', () => {
    // A role has a program, which its hosts start from a file: it is tried over all of them in `@omni/node`.
    const suites = Object.keys(contracts).filter(
      (name) => name.endsWith('Contract') && name !== 'roleHostContract',
    );
    expect(suites.filter((name) => !(name in SOUND_ADAPTERS))).toEqual([]);
    expect(suites.filter((name) => !(name in FAULTY_ADAPTERS))).toEqual([]);
  });
});
