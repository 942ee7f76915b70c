import { describe, expect, it } from '@jest/globals';
import { manifestFaults } from './manifest-faults.ts';
import type { Manifest } from './libraries.ts';

const RIGHT: Manifest = {
  name: '@omni/sample',
  version: '1.0.0',
  description: 'A sample.',
  keywords: ['mcp'],
  homepage: 'https://omni.example/omni',
  repository: { type: 'git', url: 'git+https://omni.example/omni.git', directory: 'libs/sample' },
  license: 'MIT',
  engines: { node: '>=22.21.0' },
  scripts: { test: 'jest' },
  dependencies: { '@omni/ports': '^0.1.0', zod: '^4.6.7' },
  peerDependencies: { typescript: '>=5.8' },
  peerDependenciesMeta: { typescript: { optional: true } },
  publishConfig: { access: 'public', provenance: true },
};

const FACTS = {
  node: '22.21.0',
  typescript: '5.8',
  folder: 'libs/sample',
  repository: 'git+https://omni.example/omni.git',
  readme: '# @omni/sample\n\n```sh\nnpm install --save-dev @omni/sample @omni/ports\n```\n',
  examples: ["import { a } from '@omni/sample';\nimport type { b } from '@omni/ports';\n"],
};

function faultsOf(change: Partial<Manifest>, facts: Partial<typeof FACTS> = {}): string[] {
  return manifestFaults({ ...RIGHT, ...change }, { ...FACTS, ...facts });
}

describe('manifestFaults', () => {
  it('has nothing to say of a manifest that is right', () => {
    expect(faultsOf({})).toEqual([]);
  });

  it.each<[string, Partial<Manifest>, RegExp]>([
    ['an exact version of a third party', { dependencies: { zod: '4.6.7' } }, /zod is wanted as 4\.6\.7/],
    ['a lower bound of Node that is not tried', { engines: { node: '>=20' } }, /engines\.node is >=20/],
    ['no bound of Node', { engines: {} }, /engines\.node is undefined/],
    ['another minimum of TypeScript', { peerDependencies: { typescript: '>=4.9' } }, /peer typescript/],
    ['a TypeScript that everybody must have', { peerDependenciesMeta: {} }, /peer typescript/],
    [
      'Jest for everybody',
      { dependencies: { '@jest/globals': '^30.0.0' } },
      /@jest\/globals is a dependency/,
    ],
    ['a script on install', { scripts: { postinstall: 'node x.js' } }, /postinstall/],
    ['another repository', { repository: { type: 'git', url: 'git+https://else.example' } }, /repository/],
    ['no provenance', { publishConfig: { access: 'public' } }, /provenance/],
    ['no keyword', { keywords: [] }, /keywords/],
    ['another licence', { license: 'ISC' }, /license/],
  ])('complains of %s', (_, change, words) => {
    expect(faultsOf(change).join('\n')).toMatch(words);
  });

  it('complains of a README that does not say how to install what its example imports', () => {
    expect(faultsOf({}, { readme: 'npm install @omni/sample\n' })).toEqual([
      expect.stringContaining('@omni/ports'),
    ]);
  });
});
