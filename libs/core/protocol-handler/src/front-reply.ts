import type { Answer, ReplySink } from '@omni/model';

/** A reply as the front holds it. */
export interface FrontReply extends Omit<ReplySink, 'settle'> {
  settle(answer: Answer): void;
  /** Ends without an answer: the client has said that it does not want one. */
  abandon(): void;
}
