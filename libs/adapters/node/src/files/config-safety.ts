import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '@omni/ports';
import { type Changer, type OwnershipFacts, pathChangeableBy } from './changeable-by.ts';

/** What the modes of the files of a configuration say about it. */
export interface ConfigSafety {
  /** What looks wrong and is accepted. */
  readonly warnings: readonly string[];
  /** Those of the paths that every user of the machine may read. */
  readonly readableByAll: readonly string[];
}

const OTHERS_READ = 0o004;

/** A file of a configuration. */
export interface ReadFile {
  readonly path: string;
  /**
   * Of the very file that was read: what is at the path may be another one by now. Absent where nothing was
   * read.
   */
  readonly facts?: OwnershipFacts;
}

/**
 * Looks at who can change a configuration: it names commands that run as this user. Files and their folders,
 * of links also those that they lead to.
 *
 * @param files - Those that were read.
 * @throws {@link GatewayError} `OMNI_CONFIG_UNSAFE` when everybody can, or a user who is neither this one nor
 * root.
 */
export async function checkConfigSafety(files: readonly ReadFile[]): Promise<ConfigSafety> {
  const warnings: string[] = [];
  const readableByAll: string[] = [];
  const folders = new Set<string>();
  for (const { path, facts } of files) {
    if (facts === undefined) continue;
    folders.add(dirname(path)).add(dirname(await realpath(path)));
    judge(path, await pathChangeableBy(path, facts), warnings);
    // guard: files/readable
    if (process.platform !== 'win32' && (facts.mode & OTHERS_READ) !== 0) readableByAll.push(path);
  }
  for (const folder of folders) judge(folder, await pathChangeableBy(folder), warnings);
  return { warnings, readableByAll };
}

function judge(path: string, changer: Changer | undefined, warnings: string[]): void {
  if (changer === 'its group') {
    warnings.push(`${path} names commands that Omni runs, and its group can change it; chmod g-w it`);
    return;
  }
  // guard: files/changeable
  if (changer !== undefined)
    throw new GatewayError('OMNI_CONFIG_UNSAFE', `${path} can be changed by ${changer}`, {
      hint:
        changer === 'everybody'
          ? `Somebody may have changed it: read it, then chmod go-w ${path}.`
          : `Read it, then make it your own: chown "$(id -u)" ${path}; or run Omni as the user that it belongs to.`,
    });
}
