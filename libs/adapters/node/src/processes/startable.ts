import { access, constants, open, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

export interface StartableOptions {
  readonly command: string;
  readonly cwd?: string;
  /** Of the child. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Longest first line of a script that is looked at; systems take less. */
const MAX_SHEBANG_BYTES = 512;
const IS_WINDOWS = process.platform === 'win32';

/**
 * What a command stands for: its file and the interpreter in its first line, as they are now. `undefined`
 * where one of them is not there or may not be executed, or the folder is not there. Starts nothing.
 */
export async function startable({
  command,
  cwd,
  environment,
}: StartableOptions): Promise<string | undefined> {
  if (cwd !== undefined && !(await isFolder(cwd))) return undefined;
  const file = await found(command, cwd, environment);
  if (file === undefined) return undefined;
  const interpreter = await interpreterOf(file);
  if (interpreter !== undefined && !(await isExecutable(interpreter))) return undefined;
  return `${await marksOf(file)}\n${interpreter === undefined ? '' : await marksOf(interpreter)}`;
}

/** What is another when a file is. */
async function marksOf(file: string): Promise<string> {
  try {
    const { dev, ino, mode, uid, gid, size, mtimeMs, ctimeMs } = await stat(file);
    return [file, dev, ino, mode, uid, gid, size, mtimeMs, ctimeMs].join(' ');
  } catch {
    return file;
  }
}

async function found(
  command: string,
  cwd: string | undefined,
  environment: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const endings = IS_WINDOWS ? ['', ...(environment['PATHEXT'] ?? '.EXE').split(';')] : [''];
  const folders = /[\\/]/.test(command)
    ? [cwd ?? process.cwd()]
    : (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders)
    for (const ending of endings) {
      const file = isAbsolute(command) ? `${command}${ending}` : join(folder, `${command}${ending}`);
      if (await isExecutable(resolve(cwd ?? '.', file))) return resolve(cwd ?? '.', file);
    }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** The program in the first line of a script; `undefined` where the file is none, or may not be read. */
async function interpreterOf(file: string): Promise<string | undefined> {
  try {
    await using handle = await open(file, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_SHEBANG_BYTES), 0, MAX_SHEBANG_BYTES, 0);
    // A carriage return is part of the name, as it is for the system.
    return /^#![ \t]*([^ \t\n]+)/.exec(buffer.toString('latin1', 0, bytesRead))?.[1];
  } catch {
    return undefined;
  }
}
