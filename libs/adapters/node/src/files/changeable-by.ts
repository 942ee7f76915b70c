import type { Stats } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { errorCode } from './error-code.ts';

/** Who can change a file, or replace what stands in a folder, beside this user and root. */
export type Changer = 'its owner, who is another user' | 'everybody' | 'its group';

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
/** In such a folder everybody may make files, and nobody may rename or remove those of others. */
const STICKY = 0o1000;

/** Whose a file is, and who may do what with it. */
export type OwnershipFacts = Pick<Stats, 'mode' | 'uid' | 'isDirectory'>;

/**
 * @param facts - Of the file that is open, or of the folder.
 * @param user - Id of the user who relies on it. Default: that of this process.
 * @returns `undefined` when it is nobody, and on systems without modes.
 */
export function changeableBy(facts: OwnershipFacts, user = process.getuid?.()): Changer | undefined {
  if (user === undefined) return undefined;
  // guard: files/owner
  if (facts.uid !== user && facts.uid !== 0) return 'its owner, who is another user';
  if (facts.isDirectory() && (facts.mode & STICKY) !== 0) return undefined;
  // guard: files/everybody
  if ((facts.mode & OTHERS_WRITE) !== 0) return 'everybody';
  return (facts.mode & GROUP_WRITES) === 0 ? undefined : 'its group';
}

/**
 * The same for what is at a path; `undefined` also where the file system takes no changes, whatever the modes
 * say.
 *
 * @param facts - Of the file that was read there. Default: of what is there now.
 */
export async function pathChangeableBy(path: string, facts?: OwnershipFacts): Promise<Changer | undefined> {
  const changer = changeableBy(facts ?? (await stat(path)));
  return changer !== undefined && (await isReadOnly(path)) ? undefined : changer;
}

/** A volume of Kubernetes is shown with mode 0777 and mounted read-only. */
async function isReadOnly(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK);
    return false;
  } catch (error) {
    return errorCode(error) === 'EROFS';
  }
}
