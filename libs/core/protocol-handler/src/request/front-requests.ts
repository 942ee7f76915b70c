import type { RpcMessage } from '@omni/jsonrpc';
import type { ClientContext, Outcome } from '@omni/model';
import type { Exchange } from '@omni/ports';
import type { FollowedRequest, RequestWatch, WatchedRequest } from '../collaborators.ts';
import type { Admission } from './admission.ts';
import type { LoggedRequest, RequestLog } from './request-log.ts';

/** What all requests of a front share: the places, the log and the counts. Only they change it. */
export class FrontRequests {
  readonly admission: Admission;
  readonly log: RequestLog;
  readonly #watch: RequestWatch | undefined;
  /** How many were read since the start. */
  begun = 0;
  /** How many of them have ended. */
  settled = 0;

  constructor(admission: Admission, log: RequestLog, watch?: RequestWatch) {
    this.admission = admission;
    this.log = log;
    this.#watch = watch;
  }

  /** A request was read. */
  follow(
    message: RpcMessage,
    client: ClientContext,
    headers: Pick<Exchange, 'header'> | undefined,
  ): FollowedRequest | undefined {
    if (this.#watch?.begin === undefined) return undefined;
    try {
      return this.#watch.begin(message, client, headers && ((name) => headers.header(name)));
    } catch {
      return undefined;
    }
  }

  /** Tells everybody who wants to know how a request has ended; who fails has nobody to tell. */
  tell(
    request: LoggedRequest & WatchedRequest,
    outcome: Outcome,
    followed: FollowedRequest | undefined,
  ): void {
    try {
      this.log.settled(request, outcome);
    } catch {
      // It ends nothing else.
    }
    try {
      followed?.end(outcome);
      this.#watch?.onSettled(request, outcome);
    } catch {
      // Nor does this.
    }
    this.settled++;
  }
}
