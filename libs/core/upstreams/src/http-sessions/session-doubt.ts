import { type RpcMessage, stringMember } from '@omni/jsonrpc';
import { GatewayError } from '@omni/ports';
import { errorCodeOf, REFUSALS } from '../connection/mcp-revision.ts';
import type { ConnectionOptions } from '../connection/open-connection.ts';
import { initializeHttp, type HttpTarget, type LegacyHttpSession } from '../http/legacy-http-session.ts';
import { checkSession, METHOD_UNKNOWN } from './session-check.ts';

/** Statuses about money, proxies, connections and load: every session may get them. */
const NOT_ABOUT_SESSION: ReadonlySet<number> = new Set([402, 407, 408, 421, 425, 429]);
/** What reads and changes nothing by the specification may run twice (PROTO-R13). */
const SAFE_METHODS: ReadonlySet<string> = new Set([
  'ping',
  'tools/list',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'completion/complete',
]);

/** What servers call what is not there any more: `session`, `sessionId`, `not initialized`. */
const OF_SESSIONS = /session|initiali[sz]/i;

/**
 * Whether a failure with this status may be about the session, so that it is worth asking: each framework has
 * its own for what it does not know, and a page in place of an answer says no more.
 */
export function isDoubtfulStatus(status: unknown): boolean {
  return typeof status === 'number' && !NOT_ABOUT_SESSION.has(status);
}

/** Whether an answer may be about the session: by the codes of the SDKs, or because it speaks of one. */
export function isDoubtfulAnswer(message: RpcMessage): boolean {
  if (message.error === undefined) return false;
  return (
    REFUSALS.has(errorCodeOf(message)) ||
    OF_SESSIONS.test(stringMember(message.text, message.error.object, 'message') ?? '')
  );
}

/** Whether a request may be sent again that may have run. */
export function isSafe(method: string): boolean {
  // guard: http/unsafe-again
  return SAFE_METHODS.has(method);
}

/**
 * A session to go on in; why there is none and the old one is no good either; `undefined` when the old one
 * stands as far as is known.
 */
export type DoubtOutcome = LegacyHttpSession | GatewayError | undefined;

/**
 * Finds out whether a session is lost that the upstream has told of in its own way: `ping` is refused in it,
 * and not in a new one.
 *
 * @param abandon - Ends a session that nobody needs.
 * @param done - Called once, never before this returns.
 * @returns Gives up; `done` is not called then.
 */
export function resolveDoubt(
  options: ConnectionOptions & HttpTarget,
  session: LegacyHttpSession,
  abandon: (session: LegacyHttpSession) => void,
  done: (outcome: DoubtOutcome) => void,
): () => void {
  let abort = checkSession(
    options,
    session,
    (isRefused) => {
      if (!isRefused) return done(undefined);
      abort = initializeHttp(options, (next) => {
        if (next instanceof GatewayError) return done(isAboutCredentials(next) ? next : undefined);
        abort = checkSession(
          options,
          next,
          (isRefusedToo) => {
            if (!isRefusedToo) return done(next);
            // It refuses every ping so: nothing is known of the old one.
            abandon(next);
            done(undefined);
          },
          isRefusal,
        );
      });
    },
    isRefusal,
  );
  return () => abort();
}

function isRefusal(status: number, message: RpcMessage | undefined): boolean {
  if (message !== undefined && errorCodeOf(message) === METHOD_UNKNOWN) return false;
  if (message === undefined || status >= 400) return !NOT_ABOUT_SESSION.has(status);
  return message.error !== undefined;
}

function isAboutCredentials({ data }: GatewayError): boolean {
  return data?.['status'] === 401 || data?.['status'] === 403;
}
