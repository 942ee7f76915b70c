import type { CallHandler } from '@omni/model';

/** For calls whose answer nobody waits for. */
export const IGNORED: CallHandler = {
  onNotification: () => true,
  onDrain() {},
  onServerRequest() {},
  onAnswer() {},
  onFailure() {},
};
