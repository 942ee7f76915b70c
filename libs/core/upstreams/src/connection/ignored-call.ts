import type { CallListener } from '@omni/model';

/** For calls whose answer nobody waits for. */
export const IGNORED: CallListener = { onNotification: () => true, onDrain() {}, onServerRequest() {}, onAnswer() {}, onFailure() {} };
