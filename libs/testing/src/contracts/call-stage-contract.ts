import assert from 'node:assert/strict';
import { GatewayError } from '@omni/ports';
import type { Handler, Send } from './call-sender.ts';
import type { DefineTest } from './define-test.ts';
import { RecordingCall, RecordingChunks, type CallPhase, type MessageText } from '../recording-call.ts';

export interface StageUnderTest<Call extends StagedCall, Message extends MessageText> {
  /** Puts the stage before `next`. */
  readonly open: (next: Send<Call, Message>) => Send<Call, Message>;
  /** Puts it there in a state in which it refuses every call. Absent where it never does. */
  readonly openRefusing?: (next: Send<Call, Message>) => Send<Call, Message>;
  /** How many calls it takes for under way. Absent where it does not count. */
  readonly held?: () => number;
  /** Allows passthrough. */
  readonly call: Call;
  readonly message: Message;
  /** Whether it has to see answers whole. */
  readonly vetoesPassthrough?: boolean;
}

export interface StagedCall {
  readonly allowPassthrough: boolean;
}

type Check = readonly [
  name: string,
  run: <Call extends StagedCall, Message extends MessageText>(
    subject: Required<StageUnderTest<Call, Message>>,
  ) => Promise<void>,
  /** What is only promised where there is this. */
  needs?: 'held' | 'openRefusing' | 'passthrough',
];

const PHASES: readonly CallPhase[] = ['not-sent', 'sent', 'head-received'];
const FAILURE = new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'broke off');
const HEAD = { status: 200, length: 3, isError: false, isKept: true };

/** What lies behind the stage: takes calls and leaves their ends to the test. */
class FarEnd<Call, Message> {
  readonly sent: { readonly call: Call; readonly handler: Handler<Message> }[] = [];
  readonly cancels: (string | undefined)[] = [];
  /** Thrown instead of sending. */
  problem: Error | undefined;

  readonly send: Send<Call, Message> = (call, handler) => {
    if (this.problem !== undefined) throw this.problem;
    this.sent.push({ call, handler });
    return { cancel: (reason) => void this.cancels.push(reason) };
  };

  /** The handler of the latest call. */
  get handler(): Handler<Message> {
    const sent = this.sent.at(-1);
    if (sent === undefined) throw new TypeError('nothing was sent');
    return sent.handler;
  }
}

function sent<Call extends StagedCall, Message extends MessageText>(
  { open, call }: StageUnderTest<Call, Message>,
  recorded = new RecordingCall<Message>(),
) {
  const far = new FarEnd<Call, Message>();
  const running = open(far.send)(call, recorded);
  return { far, running, recorded };
}

/** What a stage promises, one by one. */
export const STAGE_CHECKS: readonly Check[] = [
  [
    'hands a call over once and tells nothing before it has',
    async (subject) => {
      const { far, recorded } = sent(subject);
      assert.equal(far.sent.length, 1);
      assert.deepEqual(recorded.log, []);
    },
  ],
  [
    'forwards notifications, whether the reader is slow, and when it has caught up',
    async (subject) => {
      const { far, recorded } = sent(subject);
      assert.equal(far.handler.onNotification(subject.message), true);
      recorded.isFast = false;
      assert.equal(far.handler.onNotification(subject.message), false);
      let isDrained = false;
      far.handler.onDrain(() => (isDrained = true));
      recorded.drain();
      assert.equal(isDrained, true);
      assert.deepEqual(recorded.log, Array(2).fill(`notification ${subject.message.text}`));
    },
  ],
  [
    'forwards requests of the server with their answers and their withdrawal',
    async (subject) => {
      const { far, recorded } = sent(subject);
      const answers: unknown[] = [];
      const { signal } = new AbortController();
      far.handler.onServerRequest(subject.message, (answer) => answers.push(answer), signal);
      assert.equal(recorded.serverRequests[0]?.signal, signal);
      recorded.serverRequests[0]?.answer(FAILURE);
      assert.deepEqual(answers, [FAILURE]);
    },
  ],
  [
    'forwards a whole answer',
    async (subject) => {
      const { far, recorded } = sent(subject);
      far.handler.onAnswer({ kind: 'message', message: subject.message, status: 207 });
      assert.deepEqual(recorded.log, [`answer 207 ${subject.message.text}`]);
    },
  ],
  [
    'forwards a failure with its phase',
    async (subject) => {
      for (const phase of PHASES) {
        const { far, recorded } = sent(subject);
        far.handler.onFailure(FAILURE, phase);
        assert.equal(recorded.failure, FAILURE);
        assert.equal(recorded.phase, phase);
      }
    },
  ],
  [
    'keeps passthrough as it is, or vetoes it before sending',
    async (subject) => {
      const { far } = sent(subject);
      assert.equal(far.sent[0]?.call.allowPassthrough, subject.vetoesPassthrough !== true);
    },
  ],
  [
    'asks for the place of chunks when it is asked, and forwards them',
    async (subject) => {
      const { recorded, asked } = watchedChunks<typeof subject.message>();
      const { far } = sent(subject, recorded);
      assert.equal(asked(), 0);
      const chunks = far.handler.chunks;
      assert.equal(asked(), 1);
      chunks?.onResponseHead(HEAD);
      assert.equal(chunks?.onChunk(Uint8Array.of(97, 98)), true);
      if (recorded.chunks !== undefined) recorded.chunks.isFast = false;
      assert.equal(chunks?.onChunk(Uint8Array.of(99)), false);
      chunks?.onResponseEnd();
      assert.deepEqual(recorded.chunks?.log, ['result 200 of 3 bytes', 'end']);
      assert.equal(recorded.chunks?.text, 'abc');
    },
    'passthrough',
  ],
  [
    'has no place for chunks where its reader has none',
    async (subject) => {
      assert.equal(sent(subject).far.handler.chunks, undefined);
    },
  ],
  [
    'cancels with the reason',
    async (subject) => {
      const { far, running, recorded } = sent(subject);
      running.cancel('enough');
      assert.deepEqual(far.cancels, ['enough']);
      assert.deepEqual(recorded.log, []);
    },
  ],
  [
    'holds a call until its end, whatever that is, and not longer',
    async (subject) => {
      const { held, message } = subject;
      const ends: readonly ((
        call: ReturnType<typeof withChunks<typeof subject.call, typeof message>>,
      ) => void)[] = [
        ({ far }) => far.handler.onAnswer({ kind: 'message', message, status: 200 }),
        ({ far }) => far.handler.onFailure(FAILURE, 'sent'),
        ({ running }) => running.cancel(),
        ({ far }) => stream(far.handler)?.onResponseEnd(),
        ({ far }) => {
          stream(far.handler);
          far.handler.onFailure(FAILURE, 'head-received');
        },
        ({ far, running }) => {
          running.cancel();
          running.cancel();
          far.handler.onAnswer({ kind: 'message', message, status: 200 });
        },
      ];
      const before = held();
      for (const end of ends) {
        const call = withChunks(subject);
        assert.equal(held(), before + 1);
        end(call);
        assert.equal(held(), before);
      }
    },
    'held',
  ],
  [
    'holds nothing where a reader or a connection throws',
    async (subject) => {
      const { held, message, open, call } = subject;
      const before = held();
      const problem = new TypeError('a reader throws');
      const isProblem = (thrown: unknown): boolean => thrown === problem;
      const fail = (): never => {
        throw problem;
      };
      const recorded = Object.assign(new RecordingCall<typeof message>(), {
        onAnswer: fail,
        onFailure: fail,
      });
      const answered = sent(subject, recorded);
      assert.throws(
        () => answered.far.handler.onAnswer({ kind: 'message', message, status: 200 }),
        isProblem,
      );
      const failed = sent(subject, recorded);
      assert.throws(() => failed.far.handler.onFailure(FAILURE, 'sent'), isProblem);
      assert.equal(held(), before);
      const far = new FarEnd<typeof call, typeof message>();
      far.problem = problem;
      assert.throws(() => open(far.send)(call, recorded), isProblem);
      assert.equal(held(), before);
    },
    'held',
  ],
  [
    'tells a refusal when it has returned, as not sent, and nothing after a cancel',
    async ({ openRefusing, call, message }) => {
      const far = new FarEnd<typeof call, typeof message>();
      const send = openRefusing(far.send);
      const [refused, cancelled] = [new RecordingCall<typeof message>(), new RecordingCall<typeof message>()];
      send(call, refused);
      send(call, cancelled).cancel();
      assert.deepEqual(refused.log, []);
      await Promise.resolve();
      assert.equal(refused.log.length, 1);
      assert.equal(refused.phase, 'not-sent');
      assert.deepEqual(cancelled.log, []);
      assert.deepEqual(far.sent, []);
    },
    'openRefusing',
  ],
];

/**
 * What every stage must do; the test file of each calls this.
 *
 * @param it - Of the runner.
 */
export function callStageContract<Call extends StagedCall, Message extends MessageText>(
  it: DefineTest,
  subject: StageUnderTest<Call, Message>,
): void {
  const promised = STAGE_CHECKS.filter(([, , needs]) => isPromised(subject, needs));
  // Checks use what they need, and that is there.
  for (const [name, run] of promised) it(name, () => run(subject as Required<typeof subject>));
}

function isPromised<Call extends StagedCall, Message extends MessageText>(
  subject: StageUnderTest<Call, Message>,
  needs: Check[2],
): boolean {
  if (needs === 'passthrough') return subject.vetoesPassthrough !== true;
  return needs === undefined || subject[needs] !== undefined;
}

/** A reader of chunks that counts how often it is asked for their place. */
function watchedChunks<Message extends MessageText>() {
  const recorded = new RecordingCall<Message>();
  const chunks = new RecordingChunks();
  let count = 0;
  Object.defineProperty(recorded, 'chunks', {
    get() {
      count++;
      return chunks;
    },
  });
  return { recorded, chunks, asked: () => count };
}

function withChunks<Call extends StagedCall, Message extends MessageText>(
  subject: StageUnderTest<Call, Message>,
) {
  const recorded = new RecordingCall<Message>();
  recorded.chunks = new RecordingChunks();
  return sent(subject, recorded);
}

function stream(handler: Handler<unknown>) {
  const { chunks } = handler;
  chunks?.onResponseHead(HEAD);
  return chunks;
}
