import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import type { Handler, Send } from './call-sender.ts';
import type { MessageText } from '../recording-call.ts';
import { SEND_CHECKS } from './send-contract.ts';

const ANSWER = { kind: 'message', message: { text: '{}' }, status: 200 } as const;
const FAILURE = new GatewayError('OMNI_UPSTREAM_DOWN', 'closed');

type Tell = (handler: Handler<MessageText>) => void;

const answer: Tell = (handler) => handler.onAnswer(ANSWER);
const refuse: Tell = (handler) => handler.onFailure(FAILURE, 'not-sent');

function later(tell: Tell): Send<object, MessageText> {
  return (_call, handler) => {
    let isCancelled = false;
    queueMicrotask(() => {
      if (!isCancelled) tell(handler);
    });
    return { cancel: () => void (isCancelled = true) };
  };
}

function atOnce(tell: Tell): Send<object, MessageText> {
  return (_call, handler) => {
    tell(handler);
    return { cancel() {} };
  };
}

function deaf(tell: Tell): Send<object, MessageText> {
  return (_call, handler) => {
    queueMicrotask(() => tell(handler));
    return { cancel() {} };
  };
}

/** How many checks these connections do not pass. */
async function failures(
  answering: Send<object, MessageText>,
  closed: Send<object, MessageText>,
): Promise<number> {
  let count = 0;
  const subject = {
    call: {},
    answering: () => Promise.resolve(answering),
    closed: () => Promise.resolve(closed),
    settle: () => Promise.resolve(),
  };
  for (const [, run] of SEND_CHECKS) await run(subject).catch(() => count++);
  return count;
}

describe('sendContract', () => {
  it('is passed by connections that keep every promise', async () => {
    expect(await failures(later(answer), later(refuse))).toBe(0);
  });

  it.each([
    ['answer before send has returned', atOnce(answer), later(refuse)],
    ['answer what was cancelled', deaf(answer), later(refuse)],
    ['fail before send has returned', later(answer), atOnce(refuse)],
    ['fail what was cancelled', later(answer), deaf(refuse)],
    [
      'do not know that nothing was sent',
      later(answer),
      later((handler) => handler.onFailure(FAILURE, 'sent')),
    ],
    [
      'fail twice',
      later(answer),
      later((handler) => {
        refuse(handler);
        refuse(handler);
      }),
    ],
  ])('is not passed by connections that %s', async (_what, answering, closed) => {
    expect(await failures(answering, closed)).toBeGreaterThan(0);
  });
});
