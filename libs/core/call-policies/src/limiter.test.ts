import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallHandler,
  type ConnectionFacts,
  internalCall,
  type InstanceIdentity,
  NOTHING_RUNS,
  type SendCall,
  type UpstreamCall,
} from '@omni/model';
import { GatewayError } from '@omni/ports';
import { RecordingCall, upstreamSpecOf } from '@omni/testing';
import { callStageContract } from '@omni/testing/contracts';
import { Limiter } from './limiter.ts';

const CALL: UpstreamCall = {
  ...internalCall('tools/call', '{}'),
  callerKey: 'client',
  isInternal: false,
  allowPassthrough: true,
};
const OWN = internalCall('tools/list', '');
const SHARED: InstanceIdentity = { key: 'shared' };
const MESSAGE = notification('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');

describe('Limiter', () => {
  const limiter = new Limiter({ maxUpstreamInFlight: 100, maxInstanceInFlight: 100 });
  const full = new Limiter({ maxUpstreamInFlight: 0, maxInstanceInFlight: 0 });
  callStageContract({
    open: (next: SendCall) => limiter.stage(next, at()),
    openRefusing: (next: SendCall) => full.stage(next, at()),
    held: () => limiter.inFlight('up'),
    call: CALL,
    message: MESSAGE,
  });
});

describe('Limiter.stage', () => {
  // guard: limiter/upstream
  it('limits the calls of an upstream on all its connections and instances together [PROTO-R12]', async () => {
    const { send } = limited({ maxUpstreamInFlight: 3, maxInstanceInFlight: 9 });
    const calls = [send(at()), send(at()), send(at('up', { key: 'session 1' }))];
    const over = send(at('up', { key: 'session 2' }));
    const other = send(at('other'));
    await Promise.resolve();
    expect(over.recorded.failure).toMatchObject({
      code: 'OMNI_OVERLOADED',
      message: '"up" has 3 calls under way (limits.maxUpstreamInFlight)',
    });
    expect(over.recorded.phase).toBe('not-sent');
    for (const { recorded } of [...calls, other]) expect(recorded.log).toEqual([]);
  });

  it('lets a call run when another one has ended', async () => {
    const { send } = limited({ maxUpstreamInFlight: 1, maxInstanceInFlight: 1 });
    const first = send(at());
    first.handler?.onAnswer({ kind: 'message', message: MESSAGE, status: 200 });
    const second = send(at());
    await Promise.resolve();
    expect(second.recorded.log).toEqual([]);
  });

  // guard: limiter/instance
  it('limits the calls of one instance, however many connections lead to it', async () => {
    const { send } = limited({ maxUpstreamInFlight: 9, maxInstanceInFlight: 1 });
    const [session, another] = [{ key: 'session 1' }, { key: 'session 1' }];
    send(at('up', session));
    const over = send(at('up', session));
    const free = send(at('up', another));
    await Promise.resolve();
    expect(over.recorded.failure?.message).toBe(
      'One instance of "up" has 1 calls under way (limits.maxInstanceInFlight)',
    );
    expect(free.recorded.log).toEqual([]);
  });

  // guard: limiter/reserve
  it('has room for calls of Omni where clients have taken all, but not for any number', async () => {
    const { send } = limited({ maxUpstreamInFlight: 2, maxInstanceInFlight: 2 });
    send(at());
    send(at());
    const own = Array.from({ length: 17 }, () => send(at(), OWN));
    await Promise.resolve();
    const refused = own.filter(({ recorded }) => recorded.failure !== undefined);
    expect(refused).toHaveLength(1);
    expect(own[16]?.recorded.failure?.code).toBe('OMNI_OVERLOADED');
  });

  // guard: limiter/places-back
  it('counts right through any sequence of beginnings and ends', () => {
    const { limiter, send } = limited({ maxUpstreamInFlight: 50, maxInstanceInFlight: 50 });
    const open: ReturnType<typeof send>[] = [];
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 5_000; step++) {
      if (random(2) === 0) open.push(send(at('up', SHARED)));
      const [ended] = random(2) === 0 ? open.splice(random(Math.max(open.length, 1)), 1) : [];
      const end = random(3);
      if (end === 0) ended?.running.cancel();
      else if (end === 1) ended?.handler?.onFailure(new GatewayError('OMNI_INTERNAL', 'x'), 'sent');
      else ended?.handler?.onAnswer({ kind: 'message', message: MESSAGE, status: 200 });
      ended?.running.cancel();
      expect(limiter.inFlight('up')).toBe(open.filter(({ handler }) => handler !== undefined).length);
    }
  });
});

describe('Limiter.hold', () => {
  // guard: limiter/waiting
  it('counts calls that wait for a server as calls of that server', async () => {
    const { limiter, send } = limited({ maxUpstreamInFlight: 2, maxInstanceInFlight: 9 });
    const release = limiter.hold('up');
    send(at());
    expect(limiter.hold('up')).toMatchObject({
      code: 'OMNI_OVERLOADED',
      message: '"up" has 2 calls under way (limits.maxUpstreamInFlight)',
    });
    const refused = send(at());
    await Promise.resolve();
    expect(refused.recorded.failure?.code).toBe('OMNI_OVERLOADED');
    if (release instanceof GatewayError) throw release;
    release();
    release();
    expect(limiter.inFlight('up')).toBe(1);
    expect(limiter.hold('other')).toBeInstanceOf(Function);
  });
});

function at(upstream = 'up', instance = SHARED): ConnectionFacts {
  const spec = upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }, { name: upstream });
  return { upstream, era: 'modern', transport: 'http', instance, spec };
}

/** Every call is sent on a connection of its own, as with `instances: per-request`. */
function limited(limits: ConstructorParameters<typeof Limiter>[0]) {
  const limiter = new Limiter(limits);
  const send = (facts: ConnectionFacts, call = CALL) => {
    let handler: CallHandler | undefined;
    const raw: SendCall = (_call, behind) => {
      handler = behind;
      return NOTHING_RUNS;
    };
    const recorded = new RecordingCall<RpcMessage>();
    return { running: limiter.stage(raw, facts)(call, recorded), recorded, handler };
  };
  return { limiter, send };
}

function notification(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 8, maxElements: 32 });
  if (message.kind !== 'notification') throw new TypeError('no notification');
  return message;
}
