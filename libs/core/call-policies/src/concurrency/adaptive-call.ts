import type { CallHandler, ResponseHead } from '@omni/model';
import { type CallEnd, whoseFailure } from '../breaker/whose-failure.ts';
import { JudgedCall } from '../stages/judged-call.ts';
import type { LimitedEnd, LimitedPlace } from './adaptive-limit.ts';

/** Statuses that refuse a call for want of room. */
const NO_ROOM: ReadonlySet<number> = new Set([429, 503]);

/** A call that tells how long it took to be answered: to the first byte of the answer. */
export class AdaptiveCall extends JudgedCall {
  readonly #place: LimitedPlace;
  #isParked = false;

  /** @param onEnd - Told behind it. */
  constructor(next: CallHandler, place: LimitedPlace, onEnd: () => void) {
    super(next, (end) => {
      place.end(/* guard: limiter/parked */ this.#isParked ? 'ignored' : limitedEnd(end));
      onEnd();
    });
    this.#place = place;
  }

  override onResponseHead(head: ResponseHead): void {
    this.#place.answer();
    super.onResponseHead(head);
  }

  /** From here on it waits for a client. */
  override onServerRequest(...request: Parameters<CallHandler['onServerRequest']>): void {
    this.#isParked = true;
    super.onServerRequest(...request);
  }
}

function limitedEnd(end: CallEnd): LimitedEnd {
  const whose = whoseFailure(end);
  if (whose === 'nobody') return 'answered';
  return whose === 'upstream' || hasNoRoom(end) ? 'overloaded' : 'ignored';
}

function hasNoRoom(end: CallEnd): boolean {
  if (end.kind === 'cancelled') return false;
  const status = end.kind === 'answer' ? end.status : end.error.data?.['status'];
  return typeof status === 'number' && NO_ROOM.has(status);
}
