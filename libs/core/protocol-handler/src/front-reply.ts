import type { ReplySink } from '@omni/model';

/** A reply as the front holds it. */
export interface FrontReply extends ReplySink {
  /** Ends without an answer: the client has said that it does not want one. */
  abandon(): void;
}
