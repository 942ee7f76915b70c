import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '@omni/ports';
import { changeableBy } from './changeable-by.ts';
import { errorCode } from './error-code.ts';
import { makePrivateFolder } from './private-folder.ts';

/** The token that clients of this machine's owner show. */
export interface FileToken {
  readonly token: string;
  readonly path: string;
}

const FILE_NAME = 'token';
/** A longer file is not a token. */
const MAX_BYTES = 4_096;
const TOKEN = /^[A-Za-z0-9._~+/=-]{16,512}$/;
const HAS_MODES = process.platform !== 'win32';

/**
 * Reads the token in the state folder, or creates folder (0700) and token (0600, 32 random bytes in
 * base64url). Of several processes that create it at once all get the same.
 *
 * @throws {@link GatewayError} `OMNI_STATE_DENIED` when it cannot be kept, is no file, or others can read or
 * replace it.
 */
export async function loadOrCreateToken(stateDir: string): Promise<FileToken> {
  const path = join(stateDir, FILE_NAME);
  try {
    await makePrivateFolder(stateDir);
    await refuseOpenFolder(stateDir);
    const existing = await readToken(path);
    if (existing !== undefined) return { token: existing, path };
    await createToken(stateDir, path);
    const created = await readToken(path);
    if (created !== undefined) return { token: created, path };
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('OMNI_STATE_DENIED', `Cannot keep the token in ${stateDir}`, { cause });
  }
  throw new GatewayError('OMNI_STATE_DENIED', `${path} disappeared while it was created`);
}

async function refuseOpenFolder(stateDir: string): Promise<void> {
  const facts = await stat(stateDir);
  const changer = changeableBy(facts);
  // guard: token/folder-mode
  if (changer !== undefined)
    throw new GatewayError(
      'OMNI_STATE_DENIED',
      `${stateDir} can be changed by ${changer}, and so the token in it`,
      {
        hint:
          facts.uid === process.getuid?.()
            ? `chmod 700 ${stateDir}`
            : 'Set OMNI_HOME to a folder that belongs to the user that runs Omni.',
      },
    );
  // Anybody may make files in a folder like /tmp: one of these may stand in the place of the token.
  if (facts.uid === process.getuid?.() || !HAS_MODES) return;
  throw new GatewayError('OMNI_STATE_DENIED', `${stateDir} belongs to another user`);
}

async function readToken(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    // Non-blocking: opening a pipe waits for a writer.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const facts = await file.stat();
    const { mode, uid, size } = facts;
    // guard: token/pipe
    if (!facts.isFile())
      throw new GatewayError('OMNI_STATE_DENIED', `${path} is no file, so it cannot hold the token`, {
        hint: `Move ${path} away, and Omni makes a new token.`,
      });
    // guard: token/file-mode
    if (HAS_MODES && ((mode & 0o077) !== 0 || uid !== process.getuid?.())) {
      throw new GatewayError('OMNI_STATE_DENIED', `Others can read or own the token file ${path}`, {
        hint: `Somebody may have read it: delete ${path}, and Omni makes a new token.`,
      });
    }
    const token = size > MAX_BYTES ? '' : (await file.readFile('utf8')).trim();
    if (/* guard: token/content */ TOKEN.test(token)) return token;
    throw new GatewayError('OMNI_STATE_DENIED', `${path} holds no token`, {
      hint: `Delete ${path}, and Omni makes a new token.`,
    });
  } finally {
    await file.close();
  }
}

/**
 * Written aside and linked into place: nobody ever sees a half-written token, and the first of several wins.
 */
async function createToken(stateDir: string, path: string): Promise<void> {
  const aside = join(stateDir, `.${FILE_NAME}.${randomBytes(6).toString('hex')}`);
  const file = await open(aside, 'wx', /* guard: token/created-mode */ 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(aside, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(aside);
  }
}
