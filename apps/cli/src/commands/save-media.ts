import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '@omni/ports';
import { textMember } from '../output/json-value.ts';
import { mediaFileName, type Media } from '../output/tool-result.ts';

const MAX_FILES = 10_000;

/**
 * Writes media into a folder, which is made when it is not there. Never overwrites: the number in the name
 * rises.
 *
 * @returns The path.
 * @throws {@link GatewayError} `OMNI_USAGE` when nothing can be written there.
 */
export async function saveMedia(folder: string, tool: string, media: Media): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    for (let number = 1; number <= MAX_FILES; number += 1) {
      const path = join(folder, mediaFileName(tool, number, media));
      if (await writeNew(path, Buffer.from(media.base64, 'base64'))) return path;
    }
  } catch (cause) {
    throw new GatewayError('OMNI_USAGE', `Nothing can be written to ${folder}`, {
      cause,
      hint: 'Name a folder of your own with --save-media.',
    });
  }
  throw new GatewayError('OMNI_USAGE', `${folder} holds ${MAX_FILES} files of this tool already`);
}

async function writeNew(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeFile(path, bytes, { flag: 'wx' });
    return true;
  } catch (error) {
    if (textMember(error, 'code') === 'EEXIST') return false;
    throw error;
  }
}
