import { existsSync, statSync } from 'node:fs';
import { delimiter } from 'node:path';
import { type ChildSpec, GatewayError } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';

/** How a child ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** @returns `OMNI_UPSTREAM_SPAWN_FAILED` in words that tell what to change. `path` is the PATH that was searched. */
export function spawnFailure(spec: ChildSpec, cause: unknown, path: string): GatewayError {
  const code = errorCode(cause) ?? 'UNKNOWN';
  const message = `Cannot start "${spec.upstream}": ${explain(spec, code, path)}`;
  return new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', message, {
    cause,
    data: { upstream: spec.upstream, reason: code },
  });
}

/** @returns `OMNI_UPSTREAM_EXITED` with the last lines on stderr. */
export function exitFailure(spec: ChildSpec, exit: ChildExit, lastLines: readonly string[]): GatewayError {
  const how = exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
  return failure(spec, how, lastLines, { exitCode: exit.code, signal: exit.signal });
}

/** @returns `OMNI_UPSTREAM_EXITED` for a process that runs on but can no longer be talked to. */
export function closedPipeFailure(
  spec: ChildSpec,
  pipe: 'stdin' | 'stdout',
  lastLines: readonly string[],
): GatewayError {
  return failure(spec, `closed its ${pipe} without exiting, so Omni ended it`, lastLines, {
    exitCode: null,
    signal: null,
  });
}

function failure(
  spec: ChildSpec,
  how: string,
  lastLines: readonly string[],
  data: Record<string, unknown>,
): GatewayError {
  const said =
    lastLines.length === 0
      ? '; it wrote nothing on stderr'
      : `; last lines on stderr:\n${lastLines.join('\n')}`;
  return new GatewayError('OMNI_UPSTREAM_EXITED', `"${spec.upstream}" ${how}${said}`, {
    data: { upstream: spec.upstream, ...data },
  });
}

function explain(spec: ChildSpec, code: string, path: string): string {
  const { command, cwd } = spec;
  if (cwd !== undefined && !isFolder(cwd))
    return `its working folder "${cwd}" does not exist or is not a folder`;
  switch (code) {
    case 'ENOENT': {
      if (!/[\\/]/.test(command)) {
        const folders = path.split(delimiter).filter((folder) => folder !== '').length;
        return `the command "${command}" was not found on the PATH (${folders} folders searched)`;
      }
      return existsSync(command)
        ? `the interpreter in the first line of "${command}" was not found`
        : `"${command}" does not exist`;
    }
    case 'EACCES':
      return `"${command}" may not be executed`;
    case 'EMFILE':
    case 'ENFILE':
      return 'too many open files';
    case 'EAGAIN':
      return 'too many processes';
    case 'ENOMEM':
      return 'not enough memory';
    case 'E2BIG':
      return 'its arguments and environment are too long';
    default:
      return `"${command}" (${code})`;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // A path with a NUL byte, or one that may not be looked at.
    return false;
  }
}
