import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { obstacle } from './before-release.mjs';
import { completed } from './complete.mjs';
import { IDENTITY_FILE, identityVersion, withIdentityVersion } from './identity.mjs';
import { librariesOf } from './libraries.ts';

const ROOT = join(import.meta.dirname, '../..');
const CONTAINER = join(ROOT, 'libs/composition/di-container');

describe('the identity', () => {
  it('has the version of its package', () => {
    const { version } = JSON.parse(readFileSync(join(CONTAINER, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(identityVersion(readFileSync(join(CONTAINER, IDENTITY_FILE), 'utf8'))).toBe(version);
  });

  it('gets another version and keeps the rest', () => {
    const text = "export const IDENTITY = { name: 'omni', version: '0.1.0' } as const;\n";
    const changed = withIdentityVersion(text, '2.0.0-rc.1');
    expect(changed).toBe("export const IDENTITY = { name: 'omni', version: '2.0.0-rc.1' } as const;\n");
    expect(identityVersion(changed)).toBe('2.0.0-rc.1');
    expect(() => withIdentityVersion('export {};', '1.0.0')).toThrow(RangeError);
  });
});

describe('a release', () => {
  it.each([
    ['git+https://omni.example/omni.git', true],
    ['git+https://code.invalid/omni.git', true],
    ['', true],
    ['git+https://code.host.org/omni.git', false],
  ])('of a repository at %j is refused: %s', (url, isRefused) => {
    expect(obstacle({ repository: { url } }) !== undefined).toBe(isRefused);
  });

  it('gets what is missing in its manifests in one step', () => {
    const manifest = '{ "name": "@omni/x", "nx": {}, "keywords": ["mcp"], "dependencies": {} }';
    const library = { folder: 'libs/x', node: '22.21.0', typescript: '5.8' };
    const text = completed(manifest, 'https://host.example/o/omni', library);
    expect(JSON.parse(text)).toEqual({
      name: '@omni/x',
      keywords: ['mcp'],
      homepage: 'https://host.example/o/omni/tree/main/libs/x#readme',
      repository: { type: 'git', url: 'git+https://host.example/o/omni.git', directory: 'libs/x' },
      license: 'MIT',
      engines: { node: '>=22.21.0' },
      dependencies: {},
      peerDependencies: { typescript: '>=5.8' },
      peerDependenciesMeta: { typescript: { optional: true } },
      publishConfig: { access: 'public', provenance: true },
      nx: {},
    });
    expect(completed(text, 'https://host.example/o/omni', library)).toBe(text);
  });

  it('has plans for one library each, so that each can be released alone', () => {
    const folder = join(ROOT, '.nx/version-plans');
    const names = new Set(librariesOf(ROOT).map(({ manifest }) => manifest.name));
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.md'))) {
      const front = /^---\n([^]*?)\n---\n/.exec(readFileSync(join(folder, file), 'utf8'))?.[1] ?? '';
      const planned = [...front.matchAll(/^['"]?([^'":]+)['"]?: (?:major|minor|patch)$/gm)];
      expect(planned.map(([, name = '']) => names.has(name))).toEqual([true]);
    }
  });
});
