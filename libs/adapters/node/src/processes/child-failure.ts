import { existsSync, statSync } from 'node:fs';
import { delimiter } from 'node:path';
import { type ChildExit, type ChildSpec, GatewayError, withoutSecrets } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';

/** The system has none left; the same command may well be started later. */
const NO_RESOURCES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM']);

/**
 * @returns `OMNI_UPSTREAM_SPAWN_FAILED` in words that tell what to change, or `OMNI_UPSTREAM_NO_RESOURCES`.
 * `path` is the PATH that was searched.
 */
export function spawnFailure(spec: ChildSpec, cause: unknown, path: string): GatewayError {
  const code = errorCode(cause) ?? 'UNKNOWN';
  // Callers read it, whoever they are; what the system says repeats command, arguments and folder.
  const why = /* guard: child/failure-secrets */ withoutSecrets(
    explain(spec, code, path),
    spec.secretValues(),
  );
  const message = `Cannot start "${spec.upstream}": ${why}`;
  const kind = NO_RESOURCES.has(code) ? 'OMNI_UPSTREAM_NO_RESOURCES' : 'OMNI_UPSTREAM_SPAWN_FAILED';
  return new GatewayError(kind, message, { data: { upstream: spec.upstream, reason: code } });
}

/** How a child ended, in words: `exited with code 3`. */
export function endingOf({ code, signal }: ChildExit): string {
  return signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
}

/**
 * @param ending - As of {@link endingOf}, or why Omni ended a process that runs on but can no longer be
 * talked to.
 * @param report - Id of its last words; `undefined` when it wrote nothing.
 * @returns `OMNI_UPSTREAM_EXITED`, without what the process wrote: others may read the message, and it may
 * repeat what any user sent.
 */
export function exitFailure(
  { upstream }: ChildSpec,
  ending: string,
  { code, signal }: ChildExit,
  report: string | undefined,
): GatewayError {
  const said =
    report === undefined
      ? 'it wrote nothing on stderr'
      : `the owner of Omni finds what it wrote last as report ${report}`;
  return new GatewayError('OMNI_UPSTREAM_EXITED', `"${upstream}" ${ending}; ${said}`, {
    data: { upstream, exitCode: code, signal, ...(report !== undefined && { report }) },
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
