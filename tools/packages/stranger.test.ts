import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { isWithoutNetwork } from './npm.ts';
import { installFor } from './stranger.ts';
import { packAll } from './tarballs.ts';
import type { World } from './worlds.ts';

jest.setTimeout(120_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-stranger-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Packs a package of this manifest, and one that stands in for the types of Node. */
async function packed(manifest: object): Promise<string> {
  mkdirSync(join(folder, 'sample'));
  writeFileSync(
    join(folder, 'sample/package.json'),
    JSON.stringify({ name: '@omni/sample', version: '1.0.0', ...manifest }),
  );
  const [tarball] = await packAll(folder, ['sample'], folder);
  return tarball?.file ?? '';
}

function world(nodeTypes: string): World {
  return {
    name: 'pinned',
    node: process.execPath,
    nodeVersion: process.versions.node,
    tsc: '',
    tscVersion: '',
    nodeTypes,
  };
}

describe('packAll', () => {
  it('gives the same bytes for the same files', async () => {
    mkdirSync(join(folder, 'one/lib'), { recursive: true });
    mkdirSync(join(folder, 'two/lib'), { recursive: true });
    for (const place of ['one', 'two'])
      writeFileSync(join(folder, place, 'lib/package.json'), '{ "name": "@omni/x", "version": "1.0.0" }');
    const [one] = await packAll(join(folder, 'one'), ['lib'], join(folder, 'one'));
    const [two] = await packAll(join(folder, 'two'), ['lib'], join(folder, 'two'));
    expect(one?.sha256).toBe(two?.sha256);
    expect(one?.packedBytes).toBeGreaterThan(0);
    writeFileSync(join(folder, 'two/lib/package.json'), '{ "name": "@omni/x", "version": "1.0.1" }');
    const [three] = await packAll(join(folder, 'two'), ['lib'], join(folder, 'two'));
    expect(three?.sha256).not.toBe(one?.sha256);
  });
});

describe('installFor', () => {
  it('fails when the engines of a package refuse the Node', async () => {
    const file = await packed({ engines: { node: '>=999' } });
    await expect(installFor(world('*'), join(folder, 'project'), [file])).rejects.toThrow(/EBADENGINE/);
  });
});

describe('isWithoutNetwork', () => {
  it.each([
    [1, 'npm error code ENOTFOUND', true],
    [1, 'npm error code EBADENGINE', false],
    [0, 'npm warn ENOTFOUND', false],
  ])('of code %i and %j is %s', (code, output, expected) => {
    expect(isWithoutNetwork({ code, output, stdout: '' })).toBe(expected);
  });
});
