import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changeableBy, pathChangeableBy } from './changeable-by.ts';

const ADA = 1_000;
const BO = 1_001;

function facts(mode: number, uid = ADA, isFolder = false): Parameters<typeof changeableBy>[0] {
  return { mode, uid, isDirectory: () => isFolder };
}

describe('changeableBy', () => {
  // guard: files/everybody
  it.each([
    ['a private file', facts(0o600), undefined],
    ['a file that others may read', facts(0o644), undefined],
    ['a file of root', facts(0o644, 0), undefined],
    ['a file of the group', facts(0o664), 'its group'],
    ['a file of everybody', facts(0o666), 'everybody'],
    ['a file of everybody with a sticky bit, which says nothing of files', facts(0o1666), 'everybody'],
    ['a folder of everybody', facts(0o777, ADA, true), 'everybody'],
    ['a folder like /tmp', facts(0o1777, 0, true), undefined],
  ])('knows who can change %s', (_what, about, changer) => {
    expect(changeableBy(about, ADA)).toBe(changer);
  });

  // guard: files/owner
  it.each([
    ['a file', facts(0o600, BO)],
    ['a folder with a sticky bit', facts(0o1755, BO, true)],
  ])('takes the owner of %s for somebody who can change it', (_what, about) => {
    expect(changeableBy(about, ADA)).toBe('its owner, who is another user');
    expect(changeableBy(about, 0)).toBe('its owner, who is another user');
  });
});

describe('pathChangeableBy', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'omni-changeable-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('looks at what is there', async () => {
    expect(await pathChangeableBy(folder)).toBeUndefined();
    await chmod(folder, 0o777);
    expect(await pathChangeableBy(folder)).toBe(process.platform === 'win32' ? undefined : 'everybody');
  });
});
