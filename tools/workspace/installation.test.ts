import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspectInstallation } from './installation.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'omni-installation-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const TOOL = { 'node_modules/tool': { version: '1.0.0', integrity: 'sha512-a' } };

function writeLock(entries: object): void {
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({ packages: { '': { name: 'root' }, ...entries } }),
  );
}

function writeInstalled(entries: object): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: entries }));
}

describe('inspectInstallation', () => {
  it('asks for an installation when there is none', () => {
    writeLock(TOOL);
    expect(inspectInstallation(root)).toEqual({ current: false, why: 'nothing is installed yet' });
  });

  it('is content with what npm installed from this lock', () => {
    writeLock(TOOL);
    writeInstalled(TOOL);
    expect(inspectInstallation(root).current).toBe(true);
  });

  it('does not miss packages for other platforms', () => {
    writeLock({ ...TOOL, 'node_modules/@tool/win32': { version: '1.0.0', optional: true } });
    writeInstalled(TOOL);
    expect(inspectInstallation(root).current).toBe(true);
  });

  it.each([
    ['is missing', { ...TOOL, 'node_modules/new': { version: '1.0.0' } }],
    ['has another version', { 'node_modules/tool': { version: '1.0.1', integrity: 'sha512-b' } }],
    ['is no longer wanted', {}],
  ])('asks for an installation when a package %s', (why, entries) => {
    writeLock(entries);
    writeInstalled(TOOL);
    expect(inspectInstallation(root)).toEqual({ current: false, why: expect.stringContaining(why) });
  });

  it('notices a lock that changes after it was content, and one that changes back', () => {
    writeLock(TOOL);
    writeInstalled(TOOL);
    inspectInstallation(root);
    writeLock({ 'node_modules/tool': { version: '2.0.0' } });
    expect(inspectInstallation(root).current).toBe(false);
    writeLock(TOOL);
    expect(inspectInstallation(root).current).toBe(true);
  });
});
