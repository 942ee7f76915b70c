import { chown } from 'node:fs/promises';
import { jest } from '@jest/globals';

const NOBODY = 65_534;

/**
 * Makes what is at a path belong to another user than the one that runs this process. Root gives it away;
 * everybody else becomes, as far as this process can see, another user who is not root: undo it with
 * `jest.restoreAllMocks()`.
 */
export async function giveAway(path: string): Promise<void> {
  const own = process.getuid?.() ?? 0;
  if (own === 0) await chown(path, NOBODY, NOBODY);
  else jest.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(own + 1);
}
