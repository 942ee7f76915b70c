import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { type StageUnderTest, STAGE_CHECKS } from './call-stage-contract.ts';
import type { Chunks, Handler, Send } from './call-sender.ts';
import type { MessageText } from '../recording-call.ts';

type Call = { readonly allowPassthrough: boolean };
type Stage = (next: Send<Call, MessageText>) => Send<Call, MessageText>;

const CALL: Call = { allowPassthrough: true };
const MESSAGE: MessageText = { text: '{}' };
const REFUSAL = new GatewayError('OMNI_OVERLOADED', 'full');

/** A stage that counts calls and keeps every promise, but for what is changed in it. */
function counting(
  change: (handler: Handler<MessageText>, give: () => void) => Partial<Handler<MessageText>>,
) {
  let count = 0;
  const open: Stage = (next) => (call, handler) => {
    count++;
    let isHeld = true;
    const give = (): void => {
      if (isHeld) count--;
      isHeld = false;
    };
    const own: Handler<MessageText> = {
      ...forwarding(handler),
      onAnswer(answer) {
        give();
        handler.onAnswer(answer);
      },
      onFailure(error, phase) {
        give();
        handler.onFailure(error, phase);
      },
      get chunks() {
        const { chunks } = handler;
        return chunks === undefined ? undefined : ending(chunks, give);
      },
    };
    const changed = change(handler, give);
    let running;
    try {
      running = next(call, Object.defineProperties(own, Object.getOwnPropertyDescriptors(changed)));
    } catch (error) {
      give();
      throw error;
    }
    return {
      cancel(reason) {
        running.cancel(reason);
        give();
      },
    };
  };
  return { open, held: () => count };
}

function ending(chunks: Chunks, give: () => void): Chunks {
  return {
    onResponseHead: (head) => chunks.onResponseHead(head),
    onChunk: (bytes) => chunks.onChunk(bytes),
    onResponseEnd() {
      give();
      chunks.onResponseEnd();
    },
  };
}

function forwarding(handler: Handler<MessageText>): Handler<MessageText> {
  return {
    onNotification: (message) => handler.onNotification(message),
    onDrain: (listener) => handler.onDrain(listener),
    onServerRequest: (message, answer, signal) => handler.onServerRequest(message, answer, signal),
    onAnswer: (answer) => handler.onAnswer(answer),
    onFailure: (error, phase) => handler.onFailure(error, phase),
  };
}

const refusing: Stage = () => (_call, handler) => {
  let isCancelled = false;
  queueMicrotask(() => {
    if (!isCancelled) handler.onFailure(REFUSAL, 'not-sent');
  });
  return { cancel: () => void (isCancelled = true) };
};

/** The checks that a stage does not pass. */
async function failed(subject: Partial<StageUnderTest<Call, MessageText>>): Promise<string[]> {
  const names: string[] = [];
  const whole = {
    ...counting(() => ({})),
    openRefusing: refusing,
    call: CALL,
    message: MESSAGE,
    vetoesPassthrough: false,
    ...subject,
  };
  for (const [name, run] of STAGE_CHECKS) await run(whole).catch(() => names.push(name));
  return names;
}

describe('callStageContract', () => {
  it('is passed by a stage that keeps every promise', async () => {
    expect(await failed({})).toEqual([]);
  });

  it.each<[string, Parameters<typeof counting>[0], string]>([
    [
      'takes every reader for a fast one',
      (next) => ({ onNotification: (message) => next.onNotification(message) || true }),
      'forwards notifications, whether the reader is slow, and when it has caught up',
    ],
    [
      'does not say when the reader has caught up',
      () => ({ onDrain() {} }),
      'forwards notifications, whether the reader is slow, and when it has caught up',
    ],
    [
      'loses the withdrawal of a request',
      (next) => ({ onServerRequest: (message, answer) => next.onServerRequest(message, answer) }),
      'forwards requests of the server with their answers and their withdrawal',
    ],
    ['drops answers', (_next, give) => ({ onAnswer: give }), 'forwards a whole answer'],
    [
      'takes every failure for one of a call that was sent',
      (next, give) => ({
        onFailure(error) {
          give();
          next.onFailure(error, 'sent');
        },
      }),
      'forwards a failure with its phase',
    ],
    [
      'asks for the place of chunks at once',
      (next) => ({ chunks: next.chunks }),
      'asks for the place of chunks when it is asked, and forwards them',
    ],
    [
      'takes chunks for a reader that has no place for them',
      () => ({ chunks: { onResponseHead() {}, onChunk: () => true, onResponseEnd() {} } }),
      'has no place for chunks where its reader has none',
    ],
    [
      'keeps a place after an answer',
      (next) => ({ onAnswer: (answer) => next.onAnswer(answer) }),
      'holds a call until its end, whatever that is, and not longer',
    ],
    [
      'keeps a place after a streamed answer',
      (next) => ({
        get chunks() {
          return next.chunks;
        },
      }),
      'holds a call until its end, whatever that is, and not longer',
    ],
    [
      'keeps a place where a reader throws',
      (next, give) => ({
        onAnswer(answer) {
          next.onAnswer(answer);
          give();
        },
      }),
      'holds nothing where a reader or a connection throws',
    ],
  ])('is not passed by one that %s', async (_what, change, check) => {
    expect(await failed(counting(change))).toContain(check);
  });

  it.each<[string, Stage, string]>([
    [
      'sends a call twice',
      (next) => (call, handler) => {
        next(call, handler);
        return next(call, handler);
      },
      'hands a call over once and tells nothing before it has',
    ],
    [
      'reads answers in secret',
      (next) => (call, handler) => next({ ...call, allowPassthrough: false }, handler),
      'keeps passthrough as it is, or vetoes it before sending',
    ],
    [
      'drops the reason of a cancel',
      (next) => (call, handler) => {
        const running = next(call, handler);
        return { cancel: () => running.cancel() };
      },
      'cancels with the reason',
    ],
  ])('is not passed by one that %s', async (_what, open, check) => {
    expect(await failed({ open, held: () => 0 })).toContain(check);
  });

  it.each<[string, Stage]>([
    [
      'before it has returned',
      () => (_call, handler) => {
        handler.onFailure(REFUSAL, 'not-sent');
        return { cancel() {} };
      },
    ],
    [
      'as if it had been sent',
      () => (_call, handler) => {
        queueMicrotask(() => handler.onFailure(REFUSAL, 'sent'));
        return { cancel() {} };
      },
    ],
    [
      'and sends all the same',
      (next) => (call, handler) => {
        next(call, handler);
        return refusing(next)(call, handler);
      },
    ],
  ])('is not passed by one that refuses %s', async (_how, openRefusing) => {
    expect(await failed({ openRefusing })).toEqual([
      'tells a refusal when it has returned, as not sent, and nothing after a cancel',
    ]);
  });
});
