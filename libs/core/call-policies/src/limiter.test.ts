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
import { GatewayError, type Principal, systemClock, type UpstreamSpec } from '@omni/ports';
import { RecordingCall, upstreamSpecOf } from '@omni/testing';
import { callStageContract } from '@omni/testing/contracts';
import { type CallLimits, Limiter } from './limiter.ts';
import { CallQueues } from './queue/call-queues.ts';

const ADA: Principal = { id: 'ada', kind: 'token' };
const CALL: UpstreamCall = {
  ...internalCall('tools/call', '{}'),
  callerKey: 'client',
  caller: ADA,
  isInternal: false,
  allowPassthrough: true,
};
const OWN = internalCall('tools/list', '');
const QUEUES = new CallQueues(systemClock);
const UP = specOf('up');
const OTHER = specOf('other');
const SHARED: InstanceIdentity = { key: 'shared' };
const MESSAGE = notification('{"jsonrpc":"2.0","method":"notifications/message","params":{}}');

/** A user with as many calls as it gets. */
function refusing(): Limiter {
  const limiter = new Limiter({
    maxUpstreamInFlight: 1,
    maxInstanceInFlight: 1,
    clock: systemClock,
    queues: QUEUES,
  });
  limiter.hold(UP, ADA);
  return limiter;
}

describe('Limiter', () => {
  const limiter = new Limiter({
    maxUpstreamInFlight: 100,
    maxInstanceInFlight: 100,
    clock: systemClock,
    queues: QUEUES,
  });
  const full = refusing();
  callStageContract(it, {
    open: (next: SendCall) => limiter.stage(next, at()),
    openRefusing: (next: SendCall) => full.stage(next, at()),
    held: () => limiter.inFlight(UP),
    call: CALL,
    message: MESSAGE,
  });
});

describe('Limiter.stage', () => {
  // guard: limiter/upstream
  it('limits the calls of an upstream on all its connections and instances together [PROTO-R12]', async () => {
    const { send } = limited({ maxUpstreamInFlight: 3, maxInstanceInFlight: 9 });
    const calls = [send(at()), send(at()), send(at(UP, { key: 'session 1' }))];
    const over = send(at(UP, { key: 'session 2' }));
    const other = send(at(OTHER));
    await Promise.resolve();
    expect(over.recorded.failure).toMatchObject({
      code: 'OMNI_OVERLOADED',
      message:
        '"ada" has 3 of 3 calls to "up" under way and gets no more now (limits.maxUpstreamInFlight is 3)',
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
    send(at(UP, session));
    const over = send(at(UP, session));
    const free = send(at(UP, another));
    await Promise.resolve();
    expect(over.recorded.failure?.message).toBe(
      '"ada" has 1 of 1 calls to one instance of "up" under way and gets no more now (limits.maxInstanceInFlight is 1)',
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
      if (random(2) === 0) open.push(send(at(UP, SHARED)));
      const [ended] = random(2) === 0 ? open.splice(random(Math.max(open.length, 1)), 1) : [];
      const end = random(3);
      if (end === 0) ended?.running.cancel();
      else if (end === 1) ended?.handler?.onFailure(new GatewayError('OMNI_INTERNAL', 'x'), 'sent');
      else ended?.handler?.onAnswer({ kind: 'message', message: MESSAGE, status: 200 });
      ended?.running.cancel();
      expect(limiter.inFlight(UP)).toBe(open.filter(({ handler }) => handler !== undefined).length);
    }
  });
});

describe('Limiter.stage, of what keeps no server busy', () => {
  const WAIT: UpstreamCall = { ...CALL, method: 'tasks/result' };

  // guard: limiter/task-waits
  it('counts calls that wait for tasks by themselves', async () => {
    const { limiter, send } = limited({ maxUpstreamInFlight: 2, maxInstanceInFlight: 2 });
    const waits = [send(at(), WAIT), send(at(), WAIT), send(at(), WAIT)];
    const calls = [send(at()), send(at())];
    await Promise.resolve();
    expect(waits.map(({ recorded: { failure } }) => failure?.message)).toEqual([
      undefined,
      undefined,
      '"ada" has 2 of 2 waits for tasks of "up" and gets no more now (limits.maxUpstreamInFlight is 2)',
    ]);
    expect(calls.map(({ recorded }) => recorded.log)).toEqual([[], []]);
    expect(limiter.inFlight(UP)).toBe(2);
    waits[0]?.running.cancel();
    const next = send(at(), WAIT);
    await Promise.resolve();
    expect(next.recorded.log).toEqual([]);
  });

  // guard: limiter/listens
  it('counts no listening', () => {
    const { limiter, send } = limited({ maxUpstreamInFlight: 1, maxInstanceInFlight: 1 });
    for (let n = 0; n < 40; n++) send(at(), internalCall('subscriptions/listen', '{}'));
    expect(limiter.inFlight(UP)).toBe(0);
  });
});

describe('Limiter.stage among users', () => {
  // guard: limiter/upstream
  it('lets another user call a server that one user calls as often as it may', async () => {
    const { send } = limited({ maxUpstreamInFlight: 8, maxInstanceInFlight: 8 });
    const hog = Array.from({ length: 20 }, () => send(at()));
    const others = ['owner', 'bob'].map((id) => send(at(), { ...CALL, caller: { id, kind: 'token' } }));
    await Promise.resolve();
    expect(hog.filter(({ recorded }) => recorded.failure === undefined)).toHaveLength(8);
    expect(others.map(({ recorded }) => recorded.failure)).toEqual([undefined, undefined]);
  });

  it('begins at nothing for what has taken the place of a server of the same name', async () => {
    const { limiter, send } = limited({ maxUpstreamInFlight: 1, maxInstanceInFlight: 1 });
    send(at());
    const successor = specOf('up');
    const first = send(at(successor, { key: 'shared' }));
    await Promise.resolve();
    expect(first.recorded.failure).toBeUndefined();
    expect([limiter.inFlight(UP), limiter.inFlight(successor)]).toEqual([1, 1]);
  });
});

describe('Limiter.hold', () => {
  // guard: limiter/waiting
  it('counts calls that wait for a server as calls of that server', async () => {
    const { limiter, send } = limited({ maxUpstreamInFlight: 2, maxInstanceInFlight: 9 });
    const release = limiter.hold(UP, ADA);
    send(at());
    expect(limiter.hold(UP, ADA)).toMatchObject({
      code: 'OMNI_OVERLOADED',
      message:
        '"ada" has 2 of 2 calls to "up" under way and gets no more now (limits.maxUpstreamInFlight is 2)',
    });
    const refused = send(at());
    await Promise.resolve();
    expect(refused.recorded.failure?.code).toBe('OMNI_OVERLOADED');
    if (release instanceof GatewayError) throw release;
    release();
    release();
    expect(limiter.inFlight(UP)).toBe(1);
    expect(limiter.hold(OTHER, ADA)).toBeInstanceOf(Function);
  });
});

function specOf(name: string): UpstreamSpec {
  return upstreamSpecOf({ kind: 'http', url: 'http://up.test/mcp', headers: {} }, { name });
}

function at(spec = UP, instance = SHARED): ConnectionFacts {
  return { upstream: spec.name, era: 'modern', transport: 'http', instance, spec };
}

/** Every call is sent on a connection of its own, as with `instances: per-request`. */
function limited(limits: CallLimits) {
  const limiter = new Limiter({ ...limits, clock: systemClock, queues: QUEUES });
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
