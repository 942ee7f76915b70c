import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '@nx/devkit';
import { describe, expect, it } from '@jest/globals';
import { FsTree } from 'nx/src/generators/tree.js';
import { adapter } from './projects/adapter.mjs';
import { app } from './projects/app.mjs';
import { lib } from './projects/lib.mjs';
import { port } from './projects/port.mjs';

const ROOT = join(import.meta.dirname, '../..');

/** This workspace; what is written there stays in memory. */
function workspace(): Tree {
  return new FsTree(ROOT, false);
}

describe('a generator of projects', () => {
  it.each([
    ['of the workspace', lib, 'source', '@omni/source is the name of package.json already'],
    [
      'of a library',
      lib,
      'config',
      '@omni/config is the name of libs/core/config-manager/package.json already',
    ],
    ['of an app', lib, 'cli', '@omni/cli is the name of apps/cli/package.json already'],
    ['of an adapter', app, 'node', '@omni/node is the name of libs/adapters/node/package.json already'],
  ])('refuses the name %s', async (_whose, generate, name, words) => {
    const tree = workspace();
    await expect(generate(tree, { name })).rejects.toThrow(words);
    expect(tree.listChanges()).toEqual([]);
  });

  it('gives a library its budget, in the order of the table', async () => {
    const tree = workspace();
    await lib(tree, { name: 'between' });
    expect(tree.read('tools/checks/package-sizes.mjs', 'utf8')).toMatch(
      /\n {2}'@omni\/auth': \d+,\n {2}'@omni\/between': 1,\n {2}'@omni\/call-policies': \d+,\n/,
    );
    await lib(tree, { name: 'zebra' });
    expect(tree.read('tools/checks/package-sizes.mjs', 'utf8')).toMatch(
      /\n {2}'@omni\/upstreams': \d+,\n {2}'@omni\/zebra': 1,\n\};\n/,
    );
  });
});

describe('the generator of ports', () => {
  it.each([
    ['clock', 'libs/ports/src/clock.ts is there already'],
    ['contracts', 'libs/testing/src/contracts is there already'],
    ['message-channel', 'libs/ports/src/index.ts exports MessageChannel already'],
    ['call-stage', 'libs/testing/src/contracts.ts exports callStageContract already'],
  ])('refuses %s, which is taken', async (name, words) => {
    const tree = workspace();
    await expect(port(tree, { name })).rejects.toThrow(words);
    expect(tree.listChanges()).toEqual([]);
  });
});

describe('the generator of adapters', () => {
  it.each(['clock', 'message-channel'])(
    'does not send to the generator of ports for %s, which there is',
    (name) => {
      const generate = (): unknown => adapter(workspace(), { name: 'sample-files', port: name });
      expect(generate).toThrow('Write its adapter by hand; libs/adapters/fetch is an example.');
      expect(existsSync(join(ROOT, 'libs/adapters/fetch'))).toBe(true);
    },
  );

  it('sends there for a port that there is not', () => {
    expect(() => adapter(workspace(), { name: 'sample-files', port: 'no-such-port' })).toThrow(
      'There is no port no-such-port; npm run generate port no-such-port makes one',
    );
  });
});
