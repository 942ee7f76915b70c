import { describe, expect, it } from '@jest/globals';
import type { CallPhase, Destination, ReplySink, RoutedRequest, RunRequest } from '@omni/model';
import { GatewayError, type GatewayErrorCode, type RoutingSettings, type UpstreamSpec } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { Balancers } from '../candidates/balancers.ts';
import type { Readiness, ReplicaAccess, ReplicaGroup } from '../candidates/replica-access.ts';
import { DEADLINE_OVER } from '../deadline/deadline-over.ts';
import { requestCandidates, type RoutedCall } from './request-candidates.ts';
import { RecordedReply, requestOf, specWith } from './stage-scene.fixture.ts';

const READ_ONLY = { isReadOnly: true, isIdempotent: true, isDestructive: false };

interface Sent {
  readonly to: Destination | undefined;
  readonly reply: ReplySink;
  cancelled: string | undefined;
  fail(code: GatewayErrorCode, phase?: CallPhase): void;
  answer(): void;
}

/** A server `up` with replicas, and servers beside it. */
class Scene implements ReplicaAccess {
  readonly clock = new VirtualClock();
  readonly sent: Sent[] = [];
  readonly routed: string[] = [];
  readonly readiness = new Map<string, Readiness>();
  readonly homes = new Set<string>();
  /** Servers that refuse at once. */
  readonly refusing = new Map<string, GatewayErrorCode>();
  readonly balancers: Balancers;
  readonly #groups = new Map<string, ReplicaGroup>();
  readonly #stage;
  #chance = 0.5;

  constructor(routing: Partial<RoutingSettings> = {}, replicas: readonly Partial<UpstreamSpec>[] = [{}]) {
    const up = specWith(routing);
    const members = [
      up,
      ...replicas.map((more, index) => ({
        ...specWith({}, `up-${index + 2}`),
        replica: { of: 'up', weight: 1 },
        ...more,
      })),
    ];
    this.#groups.set('up', { server: up, members });
    for (const name of ['spare', 'other', 'shadow']) {
      const server = specWith({}, name);
      this.#groups.set(name, { server, members: [server] });
    }
    const random = (): number => this.#chance;
    this.balancers = new Balancers({ clock: this.clock, random });
    this.#stage = requestCandidates({
      access: this,
      balancers: this.balancers,
      clock: this.clock,
      random,
      onRouted: ({ server, to, why }: RoutedCall) => this.routed.push(`${server} to ${to}: ${why}`),
    });
  }

  chance(share: number): this {
    this.#chance = share;
    return this;
  }

  group(server: string): ReplicaGroup | undefined {
    return this.#groups.get(server);
  }

  readinessOf(member: string): Readiness {
    return this.readiness.get(member) ?? 'ready';
  }

  isHome(member: string): boolean {
    return this.homes.has(member);
  }

  /** @returns What runs the request, as often as it is called. */
  stageFor(request: RoutedRequest): RunRequest {
    return this.#stage(request, this.#next);
  }

  run(request = requestOf('tools/call')): RecordedReply {
    const reply = new RecordedReply();
    this.stageFor(request)(reply);
    return reply;
  }

  /** Where calls have gone. */
  get asked(): readonly string[] {
    return this.sent.map(({ to }) => placeOf(to));
  }

  get last(): Sent {
    const sent = this.sent.at(-1);
    if (sent === undefined) throw new TypeError('nothing was sent');
    return sent;
  }

  readonly #next: RunRequest = (reply, to) => {
    const sent: Sent = {
      to,
      reply,
      cancelled: undefined,
      fail: (code, phase = 'not-sent') =>
        reply.settle({ kind: 'error', error: new GatewayError(code, code), phase }),
      answer: () => reply.settle({ kind: 'message', payload: '{}', status: 200 }),
    };
    this.sent.push(sent);
    const refusal = this.refusing.get(placeOf(to));
    if (refusal !== undefined) sent.fail(refusal);
    return { cancel: (reason) => (sent.cancelled = reason) };
  };
}

function placeOf(to: Destination | undefined): string {
  if (to === undefined) return 'as its name says';
  return to.kind === 'replicas' ? to.upstreams.join() : to.upstream;
}

describe('requestCandidates', () => {
  it('is not there for a server that stands alone', () => {
    const scene = new Scene({}, []);
    const next: RunRequest = () => ({ cancel() {} });
    const stage = requestCandidates({
      access: scene,
      balancers: scene.balancers,
      clock: scene.clock,
      random: () => 0,
    });
    expect(stage(requestOf('tools/call'), next)).toBe(next);
  });

  it('spreads calls over the replicas [S003-RT-04]', () => {
    const scene = new Scene({}, [{}, {}]);
    for (let call = 0; call < 6; call++) {
      scene.run();
      scene.last.answer();
    }
    expect(scene.asked.toSorted()).toEqual(['up', 'up', 'up-2', 'up-2', 'up-3', 'up-3']);
    expect(scene.routed).toEqual([]);
  });

  it.each([
    ['session', 'session a', 'session a', true],
    ['user', 'session a', 'session b', true],
    ['session', 'session a', 'session b', false],
  ] as const)('sends calls of one %s to one replica: %s and %s', (stickyBy, one, other, isSame) => {
    const scene = new Scene({ balance: { strategy: 'sticky', stickyBy } }, [{}, {}, {}, {}, {}]);
    scene.run(requestOf('tools/call', { session: one }));
    scene.run(requestOf('tools/call', { session: other }));
    expect(scene.asked[0] === scene.asked[1]).toBe(isSame);
  });

  it('asks another replica at once when a call was not sent, and tells why [S003-RT-06]', () => {
    const scene = new Scene();
    scene.refusing.set('up', 'OMNI_CIRCUIT_OPEN');
    for (let call = 0; call < 4; call++) {
      const reply = scene.run();
      scene.last.answer();
      expect(reply.ending).toBe('message');
    }
    expect(scene.asked).toEqual(['up', 'up-2', 'up-2', 'up', 'up-2', 'up-2']);
    expect(scene.routed).toEqual(['up to up-2: replica', 'up to up-2: replica']);
  });

  // guard: candidates/not-sent
  it('leaves alone what may have run, and asks another replica when it is run again', () => {
    const scene = new Scene();
    const run = scene.stageFor(requestOf('resources/read'));
    const reply = new RecordedReply();
    run(reply);
    scene.last.fail('OMNI_UPSTREAM_EXITED', 'sent');
    expect(reply.ending).toBe('OMNI_UPSTREAM_EXITED');
    run(new RecordedReply());
    run(new RecordedReply());
    expect(scene.asked.slice(0, 2)).toEqual(['up', 'up-2']);
    // All have been asked: any of them is again.
    expect(scene.asked).toHaveLength(3);
  });

  it('says why the best of them could not be asked, when none could', () => {
    const scene = new Scene();
    scene.readiness.set('up', 'away').set('up-2', 'soon');
    scene.refusing.set('up', 'OMNI_UPSTREAM_DOWN').set('up-2', 'OMNI_UPSTREAM_STARTING');
    expect(scene.run().outcomes).toMatchObject([{ error: { code: 'OMNI_UPSTREAM_STARTING' } }]);
    expect(scene.asked).toEqual(['up-2', 'up']);
  });

  // guard: candidates/shown
  it('asks nobody else once the client has heard something', () => {
    const scene = new Scene();
    const reply = scene.run();
    scene.last.reply.notification({ method: 'notifications/progress', text: '{}', params: undefined });
    scene.last.fail('OMNI_UPSTREAM_DOWN');
    expect(reply.ending).toBe('OMNI_UPSTREAM_DOWN');
    expect(scene.asked).toHaveLength(1);
  });

  // guard: candidates/home
  it('goes where the client has an instance of its own, and elsewhere only when that is gone', () => {
    const scene = new Scene();
    scene.homes.add('up-2');
    for (let call = 0; call < 3; call++) scene.run();
    expect(scene.asked).toEqual(['up-2', 'up-2', 'up-2']);
    scene.readiness.set('up-2', 'away');
    scene.run();
    expect(scene.asked.at(-1)).toBe('up');
  });

  // guard: candidates/at-replica
  it('leaves alone what is about a task, and sends what brings a state back once', () => {
    const scene = new Scene();
    scene.run(requestOf('tasks/get', { isPinned: true, isAtReplica: true, upstreams: ['up'] }));
    expect(scene.asked).toEqual(['as its name says']);
    scene.readiness.set('up', 'away');
    scene.refusing.set('up-2', 'OMNI_CIRCUIT_OPEN');
    expect(scene.run(requestOf('tools/call', { isPinned: true })).ending).toBe('OMNI_CIRCUIT_OPEN');
    expect(scene.asked.slice(1)).toEqual(['up-2']);
  });

  it('maps each candidate of a resource to one of its replicas', () => {
    const scene = new Scene();
    scene.run(requestOf('resources/read', { upstreams: ['other', 'up'] }));
    expect(scene.asked).toEqual(['other,up']);
    scene.run(requestOf('resources/read', { upstreams: ['other', 'up'] }));
    expect(scene.asked[1]).toBe('other,up-2');
  });

  it('leaves out a replica that keeps failing, and says when all do and are asked all the same', () => {
    const scene = new Scene();
    const fail = (upstream: string, times: number): void => {
      for (let failed = 0; failed < times;) {
        scene.run();
        if (scene.asked.at(-1) !== upstream) {
          scene.last.answer();
          continue;
        }
        scene.last.fail('OMNI_UPSTREAM_EXITED', 'sent');
        failed++;
      }
    };
    fail('up', 5);
    const from = scene.sent.length;
    for (let call = 0; call < 10; call++) {
      scene.run();
      scene.last.answer();
    }
    expect(new Set(scene.asked.slice(from))).toEqual(new Set(['up-2']));
    scene.readiness.set('up-2', 'away');
    scene.run();
    expect(scene.asked.at(-1)).toBe('up');
    expect(scene.routed.at(-1)).toBe('up to up: left-out');
  });

  it('counts a call that the deadline of Omni has ended against its replica, and a cancelled one not', () => {
    const scene = new Scene({}, [{}]);
    const balancer = scene.balancers.of(scene.group('up')?.server as UpstreamSpec);
    for (let call = 0; call < 20; call++) {
      const request = requestOf('tools/call');
      const running = scene.stageFor(request)(new RecordedReply());
      request.context.wasSent = true;
      running.cancel(scene.asked.at(-1) === 'up' ? DEADLINE_OVER : 'the client has left');
    }
    expect(balancer.isEjected('up')).toBe(true);
    expect(balancer.isEjected('up-2')).toBe(false);
    expect(scene.sent[0]?.cancelled).toBe(DEADLINE_OVER);
  });

  // guard: candidates/waited-only
  it('counts no call against a replica that has only waited for it', () => {
    const scene = new Scene({}, [{}]);
    const balancer = scene.balancers.of(scene.group('up')?.server as UpstreamSpec);
    for (let call = 0; call < 20; call++)
      scene.stageFor(requestOf('tools/call'))(new RecordedReply()).cancel(DEADLINE_OVER);
    expect(['up', 'up-2'].filter((key) => balancer.isEjected(key))).toEqual([]);
  });

  it('does not take the time of a person for that of a replica', () => {
    const scene = new Scene({}, [{}]);
    const [server] = scene.group('up')?.members ?? [];
    if (server === undefined) throw new TypeError('there is one');
    scene.run();
    scene.last.reply.serverRequest('up', {} as never, () => {});
    scene.clock.advance(60_000);
    scene.last.answer();
    expect(scene.balancers.of(server).loadsOf('up')).toEqual([]);
  });

  it('tells of a call that goes to a canary', () => {
    const scene = new Scene({}, [{ replica: { of: 'up', weight: 1, canary: 0.1 } }]).chance(0.05);
    scene.run();
    expect(scene.routed).toEqual(['up to up-2: canary']);
    scene.chance(0.5).run();
    expect(scene.asked).toEqual(['up-2', 'up']);
  });
});

describe('what is asked in place of a server', () => {
  it('are the servers of its failover in order, then its fallback, under their own names [S003-RT-12]', () => {
    const scene = new Scene({ failover: ['spare', 'other'], fallback: { add: 'other.plus' } });
    for (const name of ['up', 'up-2', 'spare', 'other']) scene.refusing.set(name, 'OMNI_UPSTREAM_DOWN');
    expect(scene.run().ending).toBe('OMNI_UPSTREAM_DOWN');
    expect(scene.sent.map(({ to }) => to)).toEqual([
      { kind: 'replicas', upstreams: ['up'] },
      { kind: 'replicas', upstreams: ['up-2'] },
      { kind: 'other', server: 'spare', upstream: 'spare', name: 'add', isMirror: false },
      { kind: 'other', server: 'other', upstream: 'other', name: 'add', isMirror: false },
      { kind: 'other', server: 'other', upstream: 'other', name: 'plus', isMirror: false },
    ]);
    expect(scene.routed).toEqual([
      'up to up-2: replica',
      'up to spare: failover',
      'up to other: failover',
      'up to other: fallback',
    ]);
  });

  // guard: candidates/beside
  it('are not asked beside a server that is asked already', () => {
    const scene = new Scene({ failover: ['spare'], fallback: { add: 'other.plus' } }, []);
    const run = scene.stageFor(requestOf('tools/call', { hints: READ_ONLY }));
    run(new RecordedReply());
    const hedge = new RecordedReply();
    scene.refusing.set('up', 'OMNI_CIRCUIT_OPEN');
    run(hedge);
    expect(scene.asked).toEqual(['up', 'up']);
    expect(hedge.ending).toBe('OMNI_CIRCUIT_OPEN');
    scene.sent[0]?.fail('OMNI_UPSTREAM_EXITED', 'sent');
    // Made again.
    run(new RecordedReply());
    expect(scene.asked).toEqual(['up', 'up', 'spare']);
  });

  // guard: candidates/one-fallback
  it('is a fallback once for a request: it may do something', () => {
    const scene = new Scene({ fallback: { add: 'other.plus' } }, []);
    const run = scene.stageFor(requestOf('tools/call', { hints: READ_ONLY }));
    scene.refusing.set('up', 'OMNI_CIRCUIT_OPEN');
    for (let attempt = 0; attempt < 3; attempt++) {
      run(new RecordedReply());
      if (scene.asked.at(-1) === 'other') scene.last.fail('OMNI_UPSTREAM_EXITED', 'sent');
    }
    expect(scene.asked.filter((name) => name === 'other')).toHaveLength(1);
  });

  // guard: candidates/not-run-here
  it('is asked with a call that has not run, although it was sent', () => {
    const scene = new Scene({ failover: ['spare'] }, []);
    const request = requestOf('tools/call');
    const reply = new RecordedReply();
    scene.stageFor(request)(reply);
    request.context.wasSent = true;
    const error = new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', '429', { data: { status: 429 } });
    scene.last.reply.settle({ kind: 'error', error, phase: 'sent' });
    expect(scene.asked).toEqual(['up', 'spare']);
    expect(request.context.wasSent).toBe(false);
  });

  it.each(['resources/read', 'completion/complete', 'prompts/get'])(
    'are the servers of its failover alone for %s',
    (method) => {
      const scene = new Scene({ failover: ['spare'], fallback: { add: 'other.plus' } }, []);
      scene.refusing.set('up', 'OMNI_UPSTREAM_DOWN').set('spare', 'OMNI_NAME_UNKNOWN');
      expect(scene.run(requestOf(method)).ending).toBe('OMNI_UPSTREAM_DOWN');
      expect(scene.asked).toEqual(['up', 'spare']);
    },
  );

  it('never runs a call that may have run, and asks each server once for each attempt, whatever fails', () => {
    const codes = fc.constantFrom<GatewayErrorCode | undefined>(
      undefined,
      undefined,
      'OMNI_CIRCUIT_OPEN',
      'OMNI_UPSTREAM_DOWN',
      'OMNI_UPSTREAM_EXITED',
    );
    const end = fc.record({ code: codes, isSent: fc.boolean() });
    const readiness = fc.constantFrom<Readiness>('ready', 'ready', 'soon', 'away');
    const plan = fc.record({
      ends: fc.array(end, { minLength: 8, maxLength: 8 }),
      readiness: fc.array(readiness, { minLength: 3, maxLength: 3 }),
    });
    fc.assert(
      fc.property(plan, ({ ends, readiness }) => {
        const scene = new Scene({ failover: ['spare'], fallback: { add: 'other.plus' } }, [{}, {}]);
        const names = ['up', 'up-2', 'up-3'];
        names.forEach((name, index) => scene.readiness.set(name, readiness[index] ?? 'ready'));
        const reply = scene.run();
        // The model: a list of places by readiness, walked until one ends it.
        const places = ['ready', 'soon', 'away'].flatMap((kind) =>
          names.filter((name) => scene.readinessOf(name) === kind),
        );
        let walked = 0;
        let ending: string | undefined;
        for (const { code, isSent } of ends) {
          if (walked === 5) break;
          walked++;
          const isMoved = code !== undefined && !isSent;
          if (code === undefined) scene.last.answer();
          else scene.last.fail(code, isSent ? 'sent' : 'not-sent');
          if (isMoved) ending ??= code;
          if (isMoved && walked < 5) continue;
          if (!isMoved) ending = code ?? 'message';
          break;
        }
        expect(reply.outcomes).toHaveLength(1);
        expect(reply.ending).toBe(ending);
        expect(scene.asked).toHaveLength(walked);
        expect(new Set(scene.asked.slice(0, 4)).size).toBe(Math.min(4, walked));
        const tiers = scene.asked.slice(0, 3).map((name) => scene.readinessOf(name));
        expect(tiers).toEqual(places.slice(0, tiers.length).map((name) => scene.readinessOf(name)));
      }),
      { seed: 1_140, numRuns: 300 },
    );
  });
});

describe('what is mirrored', () => {
  const mirror = { to: 'shadow', share: 0.5 };

  it('is sent behind the call, and changes nothing of it', async () => {
    const scene = new Scene({ mirror, trustsHints: true }, []).chance(0.4);
    const reply = scene.run(requestOf('tools/call', { hints: READ_ONLY }));
    expect(scene.asked).toEqual(['up']);
    scene.last.answer();
    await scene.clock.advanceAsync(0);
    expect(scene.last.to).toEqual({
      kind: 'other',
      server: 'shadow',
      upstream: 'shadow',
      name: 'add',
      isMirror: true,
    });
    scene.last.reply.notification({ method: 'notifications/message', text: '{}', params: undefined });
    scene.last.fail('OMNI_UPSTREAM_EXITED', 'sent');
    expect(reply.outcomes).toEqual([{ kind: 'message', payload: '{}', status: 200 }]);
    expect(scene.routed).toEqual(['up to shadow: mirror']);
  });

  // guard: mirror/safe
  it.each([
    ['a tool that may change something', requestOf('tools/call'), 0],
    [
      'a tool that says it does not, of a server that is trusted',
      requestOf('tools/call', { hints: READ_ONLY }),
      0,
    ],
    ['a resource, as often as the share says', requestOf('resources/read'), 0.6],
  ])('is not %s', async (_what, request, chance) => {
    const scene = new Scene({ mirror }, []).chance(chance);
    scene.run(request);
    await scene.clock.advanceAsync(0);
    expect(scene.asked).toEqual(['up']);
  });

  // guard: mirror/bounded
  it('is so much at the same time at most, and each request once', async () => {
    const scene = new Scene({ mirror }, []).chance(0);
    const run = scene.stageFor(requestOf('resources/read'));
    run(new RecordedReply());
    run(new RecordedReply());
    for (let call = 0; call < 30; call++) scene.run(requestOf('resources/read'));
    await scene.clock.advanceAsync(0);
    const mirrored = (): Sent[] => scene.sent.filter(({ to }) => placeOf(to) === 'shadow');
    expect(mirrored()).toHaveLength(16);
    for (const sent of mirrored()) sent.answer();
    scene.run(requestOf('resources/read'));
    await scene.clock.advanceAsync(0);
    expect(mirrored()).toHaveLength(17);
  });
});
