import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, jest } from '@jest/globals';

jest.setTimeout(30_000);

const BIN = fileURLToPath(new URL('../bin/omni.mjs', import.meta.url));

describe('bin/omni.mjs', () => {
  it('runs the command and passes its exit code on', () => {
    const version = spawnSync(process.execPath, [BIN, '--version'], { encoding: 'utf8' });
    const mistake = spawnSync(process.execPath, [BIN, 'lss'], { encoding: 'utf8' });

    expect(version).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(mistake).toMatchObject({
      status: 64,
      stdout: '',
      stderr: expect.stringMatching(/^error\[OMNI_USAGE\]/),
    });
  });

  it('says in one line that Node is too old', () => {
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '20.19.1' }); await import(${JSON.stringify(BIN)});`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', pretend],
      { encoding: 'utf8' },
    );

    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: 'omni needs Node 24 or newer; this is 20.19.1 (https://nodejs.org)\n',
    });
  });

  it('is executable by name', () => {
    expect(readFileSync(BIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
