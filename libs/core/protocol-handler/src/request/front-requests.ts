import type { Admission } from './admission.ts';
import type { RequestLog } from './request-log.ts';

/** What all requests of a front share: the places, the log and the counts. Only they change it. */
export class FrontRequests {
  readonly admission: Admission;
  readonly log: RequestLog;
  /** How many were read since the start. */
  begun = 0;
  /** How many of them have ended. */
  settled = 0;

  constructor(admission: Admission, log: RequestLog) {
    this.admission = admission;
    this.log = log;
  }
}
