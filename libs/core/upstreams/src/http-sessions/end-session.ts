import type { Clock } from '@omni/ports';
import type { InstanceHttp } from '../cookies/instance-http.ts';
import { sendAuthorized } from '../http/authorized-exchange.ts';
import type { RequestHeaders } from '../http/http-headers.ts';
import { OutcomeListener } from '../http/http-post.ts';

export interface SessionEnd {
  readonly http: InstanceHttp;
  readonly url: string;
  /** They carry the session. */
  readonly headers: RequestHeaders;
  readonly clock: Clock;
}

/** How long the end of a session may take. */
const DELETE_MS = 2_000;

/**
 * Tells an upstream that a session is not needed any more.
 *
 * @returns Resolves when it has answered, whatever it says, or takes too long.
 * @see MCP 2025-11-25, basic/transports, "Session Management".
 */
export function endSession({ http, url, headers, clock }: SessionEnd): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      cancelTimer();
      resolve();
    };
    const listener = new OutcomeListener({ onOutcome: finish });
    const call = sendAuthorized(http, headers, { method: 'DELETE', url, headers: headers.list }, listener);
    listener.watch(call);
    const cancelTimer = clock.after(DELETE_MS, () => {
      call.abort();
      resolve();
    });
  });
}
