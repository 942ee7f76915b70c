import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkLock } from './check-lock.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'omni-lock-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A lock with one package that has a binary per platform. */
function rulesBroken(entries: object, declared: object = { tool: '1.0.0' }): string[] {
  const packages = {
    '': { name: 'root', dependencies: { tool: '1.0.0' } },
    'node_modules/tool': { version: '1.0.0', optionalDependencies: { '@tool/linux': '1.0.0' } },
    'node_modules/@tool/linux': { version: '1.0.0', optional: true },
    ...entries,
  };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'root', dependencies: declared }));
  return checkLock(root).map(({ rule }) => rule);
}

describe('checkLock', () => {
  it('accepts a lock with an entry for every platform package', () => {
    expect(rulesBroken({ 'node_modules/tool/node_modules/@tool/linux': { version: '1.0.0' } })).toEqual([]);
  });

  it('refuses a lock that names a platform package without an entry', () => {
    const tool = {
      version: '1.0.0',
      optionalDependencies: { '@tool/linux': '1.0.0', '@tool/darwin': '1.0.0' },
    };
    expect(rulesBroken({ 'node_modules/tool': tool })).toEqual(['lock-complete']);
  });

  it('refuses an entry that is bound to a registry', () => {
    const resolved = 'https://registry.example.org/tool/-/tool-1.0.0.tgz';
    expect(rulesBroken({ 'node_modules/other': { version: '1.0.0', resolved } })).toEqual(['lock-neutral']);
  });

  it('accepts links to workspaces and the public registry', () => {
    const link = { resolved: 'libs/ports', link: true };
    const resolved = 'https://registry.npmjs.org/other/-/other-1.0.0.tgz';
    expect(
      rulesBroken({ 'node_modules/@omni/ports': link, 'node_modules/other': { version: '1.0.0', resolved } }),
    ).toEqual([]);
  });

  it('refuses a lock that is older than a package.json', () => {
    expect(rulesBroken({}, { tool: '1.1.0' })).toEqual(['lock-current']);
    expect(rulesBroken({ 'libs/gone': { name: '@omni/gone' } })).toEqual(['lock-current']);
  });
});
