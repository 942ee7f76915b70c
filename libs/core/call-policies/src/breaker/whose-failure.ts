import type { GatewayError, GatewayErrorCode } from '@omni/ports';

/**
 * Whose failure the end of a call is. `upstream`: it counts against it. `nobody`: it answered, and so works.
 * `caller` and `omni`: it says nothing of the upstream.
 */
export type Culprit = 'upstream' | 'nobody' | 'caller' | 'omni';

/** How a call to an upstream ended. */
export type CallEnd =
  /** `status` is 200 where there is no HTTP. Results with `isError` and errors of JSON-RPC are answers. */
  | { readonly kind: 'answer'; readonly status: number }
  | {
      readonly kind: 'failure';
      readonly error: GatewayError;
      /** The time that the caller gave it was over, which was shorter than Omni's. Default: `false`. */
      readonly isCallersTimeout?: boolean;
    }
  | { readonly kind: 'cancelled' };

/** Statuses that refuse Omni's credentials. */
const CREDENTIALS_REFUSED: ReadonlySet<number> = new Set([401, 403, 407, 511]);
/** Statuses of upstreams that are asked too often, or that did not get the request in time. */
const ASKED_TOO_MUCH: ReadonlySet<number> = new Set([408, 429]);

/**
 * Whose failure each error is that ends a call. Limits and refusals of Omni are its own, whichever upstream
 * they protect; a message that is too large is the caller's, who could open the breaker for others with it.
 */
const CULPRITS: Readonly<Record<GatewayErrorCode, Culprit>> = {
  OMNI_JSON_INVALID: 'caller',
  OMNI_MESSAGE_INVALID: 'caller',
  OMNI_MESSAGE_TOO_COMPLEX: 'caller',
  OMNI_BODY_TOO_LARGE: 'caller',
  OMNI_BODY_INCOMPLETE: 'caller',
  OMNI_HTTP_INVALID: 'caller',
  OMNI_HEADERS_TOO_LARGE: 'caller',
  OMNI_REQUEST_TIMEOUT: 'caller',
  OMNI_CONTENT_TYPE_UNSUPPORTED: 'caller',
  OMNI_NOT_ACCEPTABLE: 'caller',
  OMNI_SUBPROTOCOL_UNSUPPORTED: 'caller',
  OMNI_METHOD_NOT_ALLOWED: 'caller',
  OMNI_PATH_UNKNOWN: 'caller',
  OMNI_OAUTH_UNSUPPORTED: 'caller',
  OMNI_SERVER_UNKNOWN: 'caller',
  OMNI_METHOD_UNKNOWN: 'caller',
  OMNI_PARAMS_INVALID: 'caller',
  OMNI_HEADER_MISMATCH: 'caller',
  OMNI_CAPABILITY_MISSING: 'caller',
  OMNI_VERSION_UNSUPPORTED: 'caller',
  OMNI_NAME_UNKNOWN: 'caller',
  OMNI_NAME_AMBIGUOUS: 'caller',
  OMNI_CURSOR_INVALID: 'caller',
  OMNI_STATE_INVALID: 'caller',
  OMNI_SESSION_REQUIRED: 'caller',
  OMNI_SESSION_UNKNOWN: 'caller',
  OMNI_SESSION_NOT_INITIALIZED: 'caller',
  OMNI_STREAM_OVER: 'caller',
  OMNI_REQUEST_ID_IN_USE: 'caller',
  OMNI_CANCELLED: 'caller',
  OMNI_HOST_FORBIDDEN: 'caller',
  OMNI_ORIGIN_FORBIDDEN: 'caller',
  OMNI_AUTH_REQUIRED: 'caller',
  OMNI_AUTH_UNAVAILABLE: 'omni',
  OMNI_SCOPE_INSUFFICIENT: 'caller',
  OMNI_OVERLOADED: 'omni',
  OMNI_RATE_LIMITED: 'omni',
  OMNI_QUEUE_FULL: 'omni',
  OMNI_QUOTA_USED_UP: 'omni',
  OMNI_SHUTTING_DOWN: 'omni',
  OMNI_MEMORY_FULL: 'omni',
  OMNI_ANSWERS_UNREAD: 'caller',
  OMNI_INTERNAL: 'omni',
  OMNI_BODY_TAKEN: 'omni',
  OMNI_UPSTREAM_STARTING: 'omni',
  OMNI_UPSTREAM_DOWN: 'omni',
  OMNI_UPSTREAM_DISABLED: 'omni',
  OMNI_UPSTREAM_SPAWN_FAILED: 'upstream',
  OMNI_UPSTREAM_NO_RESOURCES: 'omni',
  OMNI_UPSTREAM_EXITED: 'upstream',
  OMNI_UPSTREAM_UNREACHABLE: 'upstream',
  OMNI_UPSTREAM_HTTP_STATUS: 'upstream',
  OMNI_UPSTREAM_PROTOCOL: 'upstream',
  OMNI_UPSTREAM_TOO_LARGE: 'caller',
  OMNI_UPSTREAM_TIMEOUT: 'upstream',
  OMNI_UPSTREAM_ERA: 'omni',
  OMNI_CIRCUIT_OPEN: 'omni',
  OMNI_OVERRIDDEN: 'omni',
  OMNI_FAULT_INJECTED: 'upstream',
  OMNI_OUTCOME_UNKNOWN: 'omni',
  OMNI_IDEMPOTENCY_KEY_REUSED: 'caller',
  OMNI_IDEMPOTENCY_UNAVAILABLE: 'omni',
  OMNI_UPSTREAM_UNHEALTHY: 'omni',
  OMNI_QUESTION_UNADDRESSED: 'omni',
  OMNI_CONFIG_INVALID: 'omni',
  OMNI_CONFIG_UNREADABLE: 'omni',
  OMNI_CONFIG_UNSAFE: 'omni',
  OMNI_CONFIG_REFUSED: 'omni',
  OMNI_CONFIG_HELD: 'omni',
  OMNI_CONFIG_UNAPPROVED: 'omni',
  OMNI_CONFIG_REVISION_UNKNOWN: 'caller',
  OMNI_LISTEN_IN_USE: 'omni',
  OMNI_LISTEN_DENIED: 'omni',
  OMNI_TLS_INVALID: 'omni',
  OMNI_START_TIMEOUT: 'omni',
  OMNI_NOT_STARTED: 'omni',
  OMNI_MOUNT_UNPROTECTED: 'omni',
  OMNI_STATE_DENIED: 'omni',
  OMNI_USAGE: 'caller',
  OMNI_GATEWAY_UNREACHABLE: 'omni',
  OMNI_INPUT_REQUIRED: 'caller',
  OMNI_TOOL_FAILED: 'nobody',
  OMNI_ARGUMENTS_INVALID: 'caller',
  OMNI_STORE_LOCKED: 'omni',
  OMNI_STORE_DENIED: 'omni',
  OMNI_STORE_FULL: 'omni',
  OMNI_STORE_CORRUPT: 'omni',
  OMNI_STORE_NEWER: 'omni',
  OMNI_STORE_UNSUPPORTED: 'omni',
  OMNI_STORE_UNAVAILABLE: 'omni',
  OMNI_STORE_FENCED: 'omni',
  OMNI_SECRET_UNKNOWN: 'omni',
  OMNI_SECRET_UNAVAILABLE: 'omni',
  OMNI_SECRET_DENIED: 'omni',
  OMNI_SECRET_READ_ONLY: 'omni',
  OMNI_SECRET_CORRUPT: 'omni',
  OMNI_SECRET_KEY_MISSING: 'omni',
};

/** Whose failure the end of a call is: what breakers, balancing and error budgets go by. */
export function whoseFailure(end: CallEnd): Culprit {
  switch (end.kind) {
    case 'cancelled':
      return 'caller';
    case 'answer':
      return ofStatus(end.status) ?? 'nobody';
    case 'failure': {
      const { error } = end;
      // guard: breaker/callers-timeout
      if (end.isCallersTimeout === true && error.code === 'OMNI_UPSTREAM_TIMEOUT') return 'caller';
      const status = error.code === 'OMNI_UPSTREAM_HTTP_STATUS' ? error.data?.['status'] : undefined;
      if (typeof status !== 'number') return CULPRITS[error.code];
      // What is neither an answer nor one of these, such as 404 or a redirection, is due to the address.
      return ofStatus(status) ?? 'omni';
    }
  }
}

/** @returns `undefined` for statuses that say nothing. */
function ofStatus(status: number): Culprit | undefined {
  if (/* guard: breaker/credentials */ CREDENTIALS_REFUSED.has(status)) return 'omni';
  if (/* guard: breaker/asked-too-much */ ASKED_TOO_MUCH.has(status)) return 'caller';
  return status >= 500 ? 'upstream' : undefined;
}
