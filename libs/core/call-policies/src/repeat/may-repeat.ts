import { type CallPhase, isOfRunning } from '@omni/model';
import type { GatewayError, GatewayErrorCode } from '@omni/ports';
import { type CallFacts, isSafe } from './call-safety.ts';

/** How an attempt ended that may be made again. */
export type AttemptEnd =
  | {
      readonly kind: 'failure';
      readonly error: GatewayError;
      readonly phase: CallPhase;
      /**
       * What its connection knows of it. `refused-stream`: HTTP/2 refused the stream before anything was done
       * (RFC 9113, 8.7). `lost-session`: the server has forgotten the session. Default: neither.
       */
      readonly refusal?: 'refused-stream' | 'lost-session';
    }
  | {
      readonly kind: 'answer';
      /** 200 where there is no HTTP. */
      readonly status: number;
      /** Code of a JSON-RPC error as it is written; absent for a result. */
      readonly errorCode?: string;
    };

export interface RepeatQuestion extends CallFacts {
  readonly end: AttemptEnd;
  /** Whether something of this attempt was shown to the client: then it is never repeated. */
  readonly isShown: boolean;
  /** Whether what −32022 or −32020 complains of would be different the next time. Default: `false`. */
  readonly isCorrected?: boolean;
}

/** Why a call may be repeated. */
export type RepeatReason = 'safe' | 'not-sent' | 'refused' | 'lost-session' | 'corrected';

/** Statuses after which safe calls are repeated (X003-07): no others of 4xx, and neither 501 nor 505. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const TOO_MANY_REQUESTS = 429;
/** Failures on the way to an upstream, which may be gone the next time. */
const PASSING_FAILURES: ReadonlySet<GatewayErrorCode> = new Set<GatewayErrorCode>([
  'OMNI_FAULT_INJECTED',
  'OMNI_UPSTREAM_EXITED',
  'OMNI_UPSTREAM_TIMEOUT',
  'OMNI_UPSTREAM_UNREACHABLE',
]);
/** Of revision and headers: the request did not get as far as what it asks for. */
const CORRECTABLE: ReadonlySet<string | undefined> = new Set(['-32020', '-32022']);

/**
 * Whether a call may be made again. Safe calls may after every passing failure; others only when it is
 * certain that they have not run.
 *
 * @returns Why, for the log; `undefined` when it may not. Attempts, budget and deadline are asked elsewhere.
 */
export function mayRepeat(question: RepeatQuestion): RepeatReason | undefined {
  // guard: repeat/shown
  if (question.isShown) return undefined;
  const reason = hasNotRun(question);
  if (reason !== undefined) return reason;
  return /* guard: repeat/safe */ isSafe(question) && isPassing(question.end) ? 'safe' : undefined;
}

function hasNotRun({ end, isCorrected }: RepeatQuestion): RepeatReason | undefined {
  // guard: repeat/further-round
  if (end.kind === 'failure' && isOfRunning(end.error)) return undefined;
  if (statusOf(end) === TOO_MANY_REQUESTS) return 'refused';
  if (end.kind === 'answer')
    return /* guard: repeat/corrected */ isCorrected === true && CORRECTABLE.has(end.errorCode)
      ? 'corrected'
      : undefined;
  if (end.refusal !== undefined) return end.refusal === 'refused-stream' ? 'refused' : 'lost-session';
  const isUnsent = /* guard: repeat/not-sent */ end.phase === 'not-sent';
  const { code } = end.error;
  return isUnsent && (PASSING_FAILURES.has(code) || wasReplaced(end.error)) ? 'not-sent' : undefined;
}

/** The connection was left while the call waited for its turn: a successor may be there. */
function wasReplaced({ code, data }: GatewayError): boolean {
  return (
    code === 'OMNI_UPSTREAM_DOWN' && data?.['retryAfterS'] === undefined && data?.['reason'] === undefined
  );
}

function isPassing(end: AttemptEnd): boolean {
  const status = statusOf(end);
  // guard: repeat/statuses
  if (status !== undefined) return PASSING_STATUSES.has(status);
  return end.kind === 'failure' && PASSING_FAILURES.has(end.error.code);
}

function statusOf(end: AttemptEnd): number | undefined {
  if (end.kind === 'answer') return end.status;
  const status = end.error.code === 'OMNI_UPSTREAM_HTTP_STATUS' ? end.error.data?.['status'] : undefined;
  return typeof status === 'number' ? status : undefined;
}
