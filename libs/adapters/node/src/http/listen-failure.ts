import { GatewayError } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';

/** @returns `OMNI_LISTEN_IN_USE` or `OMNI_LISTEN_DENIED`. @param where - `host:port` or a path. */
export function listenFailure(error: unknown, where: string): GatewayError {
  const code = errorCode(error);
  if (code === 'EADDRINUSE')
    return new GatewayError('OMNI_LISTEN_IN_USE', `${where} is in use`, { cause: error });
  return new GatewayError('OMNI_LISTEN_DENIED', `Cannot listen on ${where} (${code ?? 'unknown reason'})`, {
    cause: error,
  });
}
