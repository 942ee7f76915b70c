import { type FailedOutcome, isOfRunning, type TellFailure } from '@omni/model';
import { GatewayError, type GatewayErrorCode, type Random } from '@omni/ports';

/** What cuts calls off. Other failures of calls that were sent are answers that cannot be used. */
const CUTS: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  // By what it depends on: the session of an instance, for example.
  'OMNI_CANCELLED',
  'OMNI_FAULT_INJECTED',
  'OMNI_INTERNAL',
  'OMNI_MEMORY_FULL',
  'OMNI_SHUTTING_DOWN',
  'OMNI_UPSTREAM_DISABLED',
  'OMNI_UPSTREAM_DOWN',
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_HTTP_STATUS',
  'OMNI_UPSTREAM_TIMEOUT',
  'OMNI_UPSTREAM_UNHEALTHY',
  'OMNI_UPSTREAM_UNREACHABLE',
]);
const REQUEST_TIMEOUT = 408;
/** Of 5xx: not implemented, no such version of HTTP, and a network that wants credentials first. */
const NOTHING_DONE: ReadonlySet<number> = new Set([501, 505, 511]);

/** A call that was cut. */
export interface CutCall {
  /** By which it is found in log, events and store. */
  readonly operation: string;
  /** What cut it; `undefined`: Omni itself has ended. */
  readonly cause: GatewayErrorCode | undefined;
}

/** An id of a call: 16 letters and digits. */
export function operationId(random: Random): string {
  const half = (): string =>
    Math.floor(random() * 36 ** 8)
      .toString(36)
      .padStart(8, '0');
  return half() + half();
}

/**
 * Whether a call that has failed may have run.
 *
 * @param wasSent - Whether any of it has left for its server, where the failure does not say how far it came.
 */
export function mayHaveRun({ error, phase }: FailedOutcome, wasSent: boolean): boolean {
  if (isOfRunning(error)) return true;
  const isSent = phase === undefined ? wasSent : phase !== 'not-sent';
  return isSent && /* guard: outcome/refused */ !isRefusal(error);
}

/** Whether nobody knows of a call that has failed whether it has run. */
export function isCut(failure: FailedOutcome, wasSent: boolean): boolean {
  return mayHaveRun(failure, wasSent) && CUTS.has(failure.error.code);
}

/** What a client is told of a call that was cut. @param cause - `undefined`: Omni itself has ended. */
export function unknownOutcome(operation: string, cause: GatewayError | undefined): GatewayError {
  if (cause === undefined)
    return new GatewayError('OMNI_OUTCOME_UNKNOWN', 'The call was made before Omni ended, and may have run', {
      data: { operation },
    });
  const { retryAfterS: _, ...data } = cause.data ?? {};
  return new GatewayError('OMNI_OUTCOME_UNKNOWN', `The call may have run: ${cause.message}`, {
    cause,
    data: { ...data, cause: cause.code, operation },
    logText: `The call may have run: ${cause.logText}`,
  });
}

/**
 * Tells of what cuts a call that it may have run, and of everything else as it is.
 *
 * @param operation - Of the call; asked for when it is cut.
 */
export function tellingCuts(
  context: { readonly wasSent?: boolean },
  operation: () => string,
  onCut: (cut: CutCall) => void,
): TellFailure {
  return (failure) => {
    if (!isCut(failure, context.wasSent === true)) return failure;
    const { error } = failure;
    const cut: CutCall = { operation: operation(), cause: error.code };
    onCut(cut);
    return { ...failure, error: unknownOutcome(cut.operation, error) };
  };
}

/** The server has refused the call before doing anything. */
function isRefusal({ code, data }: GatewayError): boolean {
  const status = code === 'OMNI_UPSTREAM_HTTP_STATUS' ? data?.['status'] : undefined;
  if (typeof status !== 'number' || status === REQUEST_TIMEOUT) return false;
  return (status >= 300 && status < 500) || NOTHING_DONE.has(status);
}
