import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { saveMedia } from './save-media.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-media-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const media = { mimeType: 'image/png', base64: Buffer.from('one').toString('base64') };

describe('saveMedia', () => {
  it('makes the folder and never overwrites', async () => {
    const target = join(folder, 'new', 'deep');
    const first = await saveMedia(target, 'a/b', media);
    const second = await saveMedia(target, 'a/b', {
      ...media,
      base64: Buffer.from('two').toString('base64'),
    });

    expect(first).toBe(join(target, 'a_b-1.png'));
    expect(second).toBe(join(target, 'a_b-2.png'));
    expect(await readFile(first, 'utf8')).toBe('one');
  });

  it('says when nothing can be written there', async () => {
    await writeFile(join(folder, 'file'), '');

    await expect(saveMedia(join(folder, 'file'), 'a', media)).rejects.toMatchObject({ code: 'OMNI_USAGE' });
  });
});
