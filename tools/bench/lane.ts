/** How a call ended: `fault` is absent for a right answer, `refusal` when a limit of Omni refused it. */
export type OnCallEnd = (lane: Lane, fault: string | undefined) => void;

/** A place for one call at a time: a connection, or a share of a program's standard streams. */
export interface Lane {
  readonly isBusy: boolean;
  /** When the call on it was due, in milliseconds of `performance.now()`. */
  readonly dueAt: number;
  /** Sends the call with this id; the lane must be open and free. */
  send(id: number, dueAt: number): void;
  close(): void;
}
