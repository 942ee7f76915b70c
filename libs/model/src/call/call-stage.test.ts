import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { upstreamSpecOf } from '@omni/testing';
import { callStageContract } from '@omni/testing/contracts';
import { type CallStage, compose, type ConnectionFacts, type SendCall } from './call-stage.ts';
import { FollowedCall } from './followed-call.ts';
import { ForwardingHandler } from './forwarding-handler.ts';
import { NOTHING_RUNS } from './running-call.ts';
import { internalCall } from './upstream-call.ts';

const FACTS: ConnectionFacts = {
  upstream: 'up',
  era: 'modern',
  transport: 'http',
  instance: { key: 'shared' },
  spec: upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }),
};
const CALL = { ...internalCall('tools/call', '{}'), allowPassthrough: true };
const MESSAGE = notification('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');

describe('compose', () => {
  it('is the connection itself where no stage has anything to do', () => {
    const raw: SendCall = () => NOTHING_RUNS;
    const idle: CallStage = (next) => next;
    expect(compose([], raw, FACTS)).toBe(raw);
    expect(compose([idle, idle], raw, FACTS)).toBe(raw);
  });

  it('lets the first stage see a call first, and tells each what it stands before', () => {
    const log: string[] = [];
    const named =
      (name: string): CallStage =>
      (next, { upstream }) =>
      (call, handler) => {
        log.push(`${name} of ${upstream}`);
        return next(call, handler);
      };
    const raw: SendCall = () => {
      log.push('sent');
      return NOTHING_RUNS;
    };
    compose([named('outer'), named('inner')], raw, FACTS)(CALL, new ForwardingHandler(ignoring()));
    expect(log).toEqual(['outer of up', 'inner of up', 'sent']);
  });
});

describe('a stage of ForwardingHandler', () => {
  callStageContract(it, {
    open: (next: SendCall) => (call, handler) => next(call, new ForwardingHandler(handler)),
    call: CALL,
    message: MESSAGE,
  });
});

describe('a stage of FollowedCall', () => {
  let held = 0;
  class Counted extends FollowedCall {
    protected override onOver(): void {
      held--;
    }
  }
  callStageContract(it, {
    open: (next: SendCall) => (call, handler) => {
      held++;
      return new Counted(handler).begin(next, call);
    },
    held: () => held,
    call: CALL,
    message: MESSAGE,
  });
});

describe('a stage that has to see answers whole', () => {
  callStageContract(it, {
    open: (next: SendCall) => (call, handler) => next({ ...call, allowPassthrough: false }, handler),
    vetoesPassthrough: true,
    call: CALL,
    message: MESSAGE,
  });
});

function notification(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 8, maxElements: 32 });
  if (message.kind !== 'notification') throw new TypeError('no notification');
  return message;
}

function ignoring() {
  return { onNotification: () => true, onDrain() {}, onServerRequest() {}, onAnswer() {}, onFailure() {} };
}
