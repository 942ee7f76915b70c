import type { ErrorFacts, Fall } from '@omni/model';
import { type GatewayError, type UpstreamSpec, withoutSecrets } from '@omni/ports';
import { askedPauseMs } from './asked-pause.ts';

/** Why a program could not be started: what only a person, or whoever installs programs, can mend. */
const NOT_STARTABLE: ReadonlySet<unknown> = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'ENOEXEC']);

/** What the life cycle is told of a failed attempt or a lost connection. */
export function fallOf(
  error: GatewayError,
  spec: Pick<UpstreamSpec, 'permanentExitCodes'>,
  secretValues: readonly string[],
): Fall {
  return {
    error: errorFactsOf(error, secretValues),
    pauseMs: askedPauseMs(error),
    nature: natureOf(error, spec),
  };
}

function natureOf(
  { code, data }: GatewayError,
  { permanentExitCodes = [] }: Pick<UpstreamSpec, 'permanentExitCodes'>,
): Fall['nature'] {
  if (isNotStartable(code, data?.['reason'])) return 'misconfigured';
  const exitCode = data?.['exitCode'];
  // guard: lifecycle/permanent-exit
  if (typeof exitCode === 'number' && permanentExitCodes.includes(exitCode)) return 'misconfigured';
  const isRefused = /* guard: lifecycle/login */ data?.['status'] === 401;
  return isRefused ? 'login' : 'failure';
}

function isNotStartable(code: string, reason: unknown): boolean {
  // guard: lifecycle/not-startable
  return code === 'OMNI_UPSTREAM_SPAWN_FAILED' && NOT_STARTABLE.has(reason);
}

/**
 * What is kept of a failure, and shown to whoever may see the server.
 *
 * @param secretValues - Its own, which none of them may see.
 */
export function errorFactsOf(
  { code, message, hint }: GatewayError,
  secretValues: readonly string[],
): ErrorFacts {
  const shown = (text: string): string =>
    /* guard: lifecycle/error-secrets */ withoutSecrets(text, secretValues);
  return { code, message: shown(message), hint: shown(hint) };
}
