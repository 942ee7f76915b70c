import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallHandler,
  type ConnectionFacts,
  internalCall,
  NOTHING_RUNS,
  type SendCall,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import { RecordingCall, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { callStageContract } from '@omni/testing/contracts';
import { callTimeouts } from './call-timeouts.ts';
import type { NewEvent } from './event.ts';

const FACTS: ConnectionFacts = {
  upstream: 'up',
  era: 'modern',
  transport: 'http',
  instance: { key: 'shared' },
  spec: upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }, { name: 'up' }),
};
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALL = {
  ...internalCall('tools/call', '{}'),
  allowPassthrough: true,
  caller: { id: 'ada', kind: 'token' as const },
  forwardedHeaders: ['x-team', 'blue', 'traceparent', `00-${TRACE}-b7ad6b7169203331-01`],
};

function notification(): RpcMessage {
  const message = parseMessage('{"jsonrpc":"2.0","method":"notifications/message","params":{}}', {
    maxDepth: 8,
    maxElements: 32,
  });
  if (message.kind !== 'notification') throw new TypeError('no notification');
  return message;
}

function scene() {
  const clock = new VirtualClock();
  const events: NewEvent[] = [];
  let behind: CallHandler | undefined;
  const raw: SendCall = (_call, handler) => {
    behind = handler;
    return NOTHING_RUNS;
  };
  const stage = callTimeouts((event) => events.push(event), clock);
  const fail = (code: 'OMNI_UPSTREAM_TIMEOUT' | 'OMNI_UPSTREAM_EXITED', instance = FACTS.instance) => {
    stage(raw, { ...FACTS, instance })(CALL, new RecordingCall<RpcMessage>());
    behind?.onFailure(new GatewayError(code, 'x'), 'sent');
  };
  return { clock, events, fail };
}

describe('callTimeouts', () => {
  callStageContract(it, {
    open: (next: SendCall) => callTimeouts(() => {}, new VirtualClock())(next, FACTS),
    call: CALL,
    message: notification(),
  });

  // guard: events/timeout-caller
  it('publishes the end of a call by its deadline, and no other failure [S000-GRD-04]', () => {
    const { events, fail } = scene();
    fail('OMNI_UPSTREAM_EXITED');
    fail('OMNI_UPSTREAM_TIMEOUT');
    expect(events).toEqual([
      {
        type: 'request.timeout',
        subject: { server: 'up', principal: 'ada' },
        data: { method: 'tools/call', more: 0 },
        trace: TRACE,
        acl: { servers: ['up'], minRole: 'owner', principal: 'ada' },
      },
    ]);
  });

  // guard: events/timeout-flood
  it('publishes ten a second of one server with any number of instances, and counts the others', () => {
    const { clock, events, fail } = scene();
    for (let n = 0; n < 1_000; n++) fail('OMNI_UPSTREAM_TIMEOUT', { key: `session-${n}` });
    expect(events).toHaveLength(10);
    clock.advance(1_000);
    fail('OMNI_UPSTREAM_TIMEOUT');
    expect(events.at(-1)?.data).toEqual({ method: 'tools/call', more: 990 });
  });
});
