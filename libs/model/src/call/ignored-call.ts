import { GatewayError } from '@omni/ports';
import type { CallHandler } from './upstream-call.ts';

/** For calls whose answer nobody waits for. */
export const IGNORED: CallHandler = {
  onNotification: () => true,
  onDrain(listener) {
    listener();
  },
  onServerRequest(_message, answer) {
    // guard: route/level-question
    answer(new GatewayError('OMNI_METHOD_UNKNOWN', 'There is no client to ask during this request'));
  },
  onAnswer() {},
  onFailure() {},
};
