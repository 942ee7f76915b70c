/** A small workspace in a temporary folder that has the layers and the real configurations of this one. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const REPOSITORY: string = join(import.meta.dirname, '../..');

const CONFIGURATIONS = ['.oxlintrc.json', '.dependency-cruiser.mjs', 'tsconfig.base.json'];
const PACKAGES = ['@jest', 'fast-check', 'inversify', 'undici', 'yaml', 'zod'];
const WORKSPACES = ['libs/*', 'libs/core/*', 'libs/adapters/*', 'libs/composition/*', 'apps/*'];

interface Project {
  readonly folder: string;
  readonly tags: readonly [layer: string, runtime: string];
  readonly dependencies: readonly string[];
  /** `src/index.ts`: one import of everything that the layer allows. */
  readonly index: string;
}

const PROJECTS: readonly Project[] = [
  {
    folder: 'libs/ports',
    tags: ['layer:ports', 'runtime:any'],
    dependencies: [],
    index: `export { GatewayError } from './gateway-error.ts';\n`,
  },
  {
    folder: 'libs/jsonrpc',
    tags: ['layer:jsonrpc', 'runtime:any'],
    dependencies: ['@omni/ports'],
    index: `export { GatewayError } from '@omni/ports';\n`,
  },
  {
    folder: 'libs/model',
    tags: ['layer:model', 'runtime:any'],
    dependencies: ['@omni/jsonrpc'],
    index: `export { GatewayError } from '@omni/jsonrpc';\n`,
  },
  {
    folder: 'libs/core/alpha',
    tags: ['layer:core', 'runtime:any'],
    dependencies: ['@omni/ports', '@omni/jsonrpc'],
    index: `export { GatewayError } from '@omni/jsonrpc';\n`,
  },
  {
    folder: 'libs/core/beta',
    tags: ['layer:core', 'runtime:any'],
    dependencies: ['@omni/ports'],
    index: `export { GatewayError } from '@omni/ports';\n`,
  },
  {
    folder: 'libs/core/protocol-handler',
    tags: ['layer:core', 'runtime:any'],
    dependencies: ['@omni/ports'],
    index: `export { GatewayError } from '@omni/ports';\n`,
  },
  {
    folder: 'libs/core/config-manager',
    tags: ['layer:core', 'runtime:any'],
    dependencies: ['yaml', 'zod'],
    index: `export { parse } from 'yaml';\nexport { z } from 'zod';\n`,
  },
  {
    folder: 'libs/adapters/one',
    tags: ['layer:adapters', 'runtime:node'],
    dependencies: ['@omni/ports', 'undici'],
    index: `export { readFile } from 'node:fs/promises';\nexport { Pool } from 'undici';\n`,
  },
  {
    folder: 'libs/adapters/two',
    tags: ['layer:adapters', 'runtime:node'],
    dependencies: ['@omni/ports'],
    index: `export { GatewayError } from '@omni/ports';\n`,
  },
  {
    folder: 'libs/composition/di-container',
    tags: ['layer:composition', 'runtime:node'],
    dependencies: ['@omni/alpha', '@omni/one', 'inversify'],
    index: `export { GatewayError } from '@omni/alpha';\nexport { Pool } from '@omni/one';\nexport { Container } from 'inversify';\n`,
  },
  {
    folder: 'libs/testing',
    tags: ['layer:testing', 'runtime:node'],
    dependencies: ['@omni/ports'],
    index: `export { strict } from 'node:assert';\nexport { GatewayError } from '@omni/ports';\n`,
  },
  {
    folder: 'apps/master-server',
    tags: ['layer:app', 'runtime:node'],
    dependencies: ['@omni/di-container', '@omni/ports'],
    index: `export { Container } from '@omni/di-container';\n`,
  },
  {
    folder: 'apps/cli',
    tags: ['layer:app', 'runtime:node'],
    dependencies: ['@omni/master-server'],
    index: `export { Container } from '@omni/master-server';\n`,
  },
];

/** What the layers allow beside the index files, so that the control run is not clean by being empty. */
const ALLOWED: Readonly<Record<string, string>> = {
  'tools/counts/counts.ts': `export { GatewayError } from '@omni/ports';\n`,
  'tools/counts/counts.test.ts': `import { expect, it } from '@jest/globals';\nit('counts', () => {\n  expect(1).toBe(1);\n});\n`,
  'tools/counts/jest.config.mjs': `export default { roots: ['<rootDir>'] };\n`,
  'tools/counts/project.json': '{ "name": "tool-counts", "tags": ["layer:tool", "runtime:node"] }',
  'tools/counts/tsconfig.json': '{ "extends": "../../tsconfig.base.json", "include": ["."] }',
  'libs/ports/src/gateway-error.ts': 'export class GatewayError extends Error {}\n',
  'libs/core/alpha/src/inside.ts': `export { GatewayError } from './index.ts';\n`,
  'libs/core/alpha/src/alpha.test.ts':
    `import { readFileSync } from 'node:fs';\nimport { expect, it } from '@jest/globals';\nimport { GatewayError } from '@omni/testing';\n` +
    `it('stands', () => {\n  expect(readFileSync(String(GatewayError), 'utf8')).toBe('');\n});\n`,
};

/**
 * @param files - Path and text of what is added to the clean workspace.
 * @returns Its folder, without symbolic links. The caller removes it.
 */
export function plantWorkspace(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'omni-planted-')));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const file of CONFIGURATIONS) cpSync(join(REPOSITORY, file), join(root, file));
  write(
    'package.json',
    JSON.stringify({ name: 'planted', private: true, type: 'module', workspaces: WORKSPACES }),
  );
  write(
    'tsconfig.json',
    JSON.stringify({ files: [], references: PROJECTS.map(({ folder }) => ({ path: `./${folder}` })) }),
  );
  mkdirSync(join(root, 'node_modules/@omni'), { recursive: true });
  for (const name of PACKAGES)
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(root, 'node_modules', name));
  for (const { folder, tags, dependencies, index } of PROJECTS) {
    const name = `@omni/${folder.split('/').at(-1)}`;
    const exports = { '.': { '@omni/source': './src/index.ts', default: './dist/index.js' } };
    const manifest = {
      name,
      type: 'module',
      exports,
      dependencies: Object.fromEntries(dependencies.map((one) => [one, '*'])),
      nx: { tags },
    };
    write(join(folder, 'package.json'), JSON.stringify(manifest));
    write(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: `${'../'.repeat(folder.split('/').length)}tsconfig.base.json`,
        include: ['src'],
      }),
    );
    write(join(folder, 'src/index.ts'), index);
    write(join(folder, 'jest.config.mjs'), 'export default {};\n');
    symlinkSync(join(root, folder), join(root, 'node_modules', name));
  }
  for (const [path, text] of Object.entries({ ...ALLOWED, ...files })) write(path, text);
  return root;
}
