import assert from 'node:assert/strict';
import type { Send } from './call-sender.ts';
import type { DefineTest } from './define-test.ts';
import { RecordingCall, type MessageText } from '../recording-call.ts';

export interface SenderUnderTest<Call, Message> {
  readonly call: Call;
  /** Opens a connection whose server answers as soon as it can. */
  readonly answering: () => Promise<Send<Call, Message>>;
  /** Opens one that sends nothing any more. Absent where there is no such state. */
  readonly closed?: () => Promise<Send<Call, Message>>;
  /** Lets everything happen that waits for no time to pass. */
  readonly settle: () => Promise<void>;
}

type Check = readonly [
  name: string,
  run: <Call, Message extends MessageText>(
    subject: Required<SenderUnderTest<Call, Message>>,
  ) => Promise<void>,
  /** What is only promised where there is this. */
  needs?: 'closed',
];

/** What `UpstreamConnection.send` promises, one by one. */
export const SEND_CHECKS: readonly Check[] = [
  [
    'tells an answer after it has returned, and once',
    async ({ answering, call, settle }) => {
      const send = await answering();
      const recorded = new RecordingCall<never>();
      send(call, recorded);
      assert.deepEqual(recorded.log, []);
      await settle();
      assert.equal(recorded.log.length, 1);
      assert.match(recorded.last ?? '', /^answer 200 /);
    },
  ],
  [
    'tells nothing of a call that was cancelled before its answer',
    async ({ answering, call, settle }) => {
      const send = await answering();
      const recorded = new RecordingCall<never>();
      send(call, recorded).cancel('enough');
      await settle();
      assert.deepEqual(recorded.log, []);
    },
  ],
  [
    'tells the failure of what cannot be sent after it has returned, once, as not sent',
    async ({ closed, call, settle }) => {
      const send = await closed();
      const recorded = new RecordingCall<never>();
      send(call, recorded);
      assert.deepEqual(recorded.log, []);
      await settle();
      assert.equal(recorded.log.length, 1);
      assert.equal(recorded.phase, 'not-sent');
    },
    'closed',
  ],
  [
    'tells nothing of what cannot be sent and was cancelled at once',
    async ({ closed, call, settle }) => {
      const send = await closed();
      const recorded = new RecordingCall<never>();
      send(call, recorded).cancel();
      await settle();
      assert.deepEqual(recorded.log, []);
    },
    'closed',
  ],
];

/**
 * What every kind of connection must do with a call; the test file of each calls this.
 *
 * @param it - Of the runner.
 */
export function sendContract<Call, Message extends MessageText>(
  it: DefineTest,
  subject: SenderUnderTest<Call, Message>,
): void {
  const promised = SEND_CHECKS.filter(([, , needs]) => needs === undefined || subject[needs] !== undefined);
  // Checks use what they need, and that is there.
  for (const [name, run] of promised) it(name, () => run(subject as Required<typeof subject>));
}
