import { CountedByteBudget, UnreadAnswers } from '@omni/ports';

/** Memory that all clients of a server share, whatever way they are connected. */
export interface ClientMemory {
  /** For messages that are not complete: of clients alone, so that servers cannot take their room. */
  readonly budget: CountedByteBudget;
  /** For answers that are not read. */
  readonly unread: UnreadAnswers;
}

/** @param limits - In bytes. */
export function clientMemory(limits: {
  readonly maxUnfinishedBytes: number;
  readonly maxUnreadBytes: number;
}): ClientMemory {
  return {
    budget: new CountedByteBudget(limits.maxUnfinishedBytes),
    unread: new UnreadAnswers(limits.maxUnreadBytes),
  };
}
