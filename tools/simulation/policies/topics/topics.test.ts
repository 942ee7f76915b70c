import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING } from '@omni/ports';
import type { PlannedUpstream } from '../plan.ts';
import { WireScene } from '../references/wire-scene.fixture.ts';
import { judgeCoalescing } from './coalescing.ts';
import { judgeErrorBudgets } from './error-budgets.ts';
import { judgeFairness } from './fairness.ts';
import { judgeKeys } from './keys.ts';
import { topicPlanOf } from './make-topic-plan.ts';
import { plainServer } from './plan-parts.ts';
import { judgeQuotas } from './quotas.ts';
import { judgeReplicas } from './replicas.ts';
import { judgeTasks } from './tasks.ts';
import { TOPICS } from './topics.ts';

const CUT = { kind: 'cut', at: 'request' } as const;
const FAILED = { kind: 'status', status: 500 } as const;

describe('a plan about one policy', () => {
  it.each(TOPICS.map(({ name }, index) => ({ name, seed: index + 1 })))(
    'is one for each seed, which a file can hold: $name',
    ({ name, seed }) => {
      const plan = topicPlanOf(seed, 20_000);
      expect(plan.topic).toBe(name);
      expect(plan.durationMs).toBe(20_000);
      expect(topicPlanOf(seed, 20_000)).toEqual(plan);
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
      expect(topicPlanOf(seed + TOPICS.length, 20_000)).not.toEqual(plan);
    },
  );
});

describe('the reference of replicas', () => {
  const [u, v] = ['u', 'v'].map((name) =>
    plainServer(name, {}, name === 'v' ? { replica: { of: 'u' } } : {}),
  ) as [PlannedUpstream, PlannedUpstream];
  const scene = (): WireScene => new WireScene({ upstream: u, others: [v] });
  const failing = (): WireScene => {
    const own = scene();
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) own.send(id).arrive(id, v).end(id, FAILED);
    return own;
  };

  it('lets what was refused go to another one', () => {
    const refused = scene().send('a1').arrive('a1', v).end('a1', { kind: 'status', status: 429 });
    expect(refused.arrive('a1', u).answer('a1').found(judgeReplicas)).toEqual([]);
  });

  it('finds a call that goes to a stranger, to one twice, or on after it may have run', () => {
    const stranger = scene().send('a1').arrive('a1', plainServer('w', {}));
    expect(stranger.found(judgeReplicas)).toEqual(['a1 arrives at "w"']);
    const refused = scene().send('a1').arrive('a1', v).end('a1', { kind: 'status', status: 429 });
    expect(refused.arrive('a1', v).found(judgeReplicas)).toEqual([
      'a1 arrives at "v" again, before it has asked all',
    ]);
    expect(
      scene().send('a1').arrive('a1', v).end('a1', CUT).arrive('a1', u).found(judgeReplicas)[0],
    ).toContain('and may have run');
  });

  it('finds a refusal that is told while another one was not asked', () => {
    const refused = scene().send('a1').arrive('a1', v).end('a1', { kind: 'status', status: 429 });
    expect(refused.reply('a1', 'OMNI_UPSTREAM_HTTP_STATUS').found(judgeReplicas)).toEqual([
      'a1 fails, and "u" was not asked',
    ]);
  });

  it('finds a call to one that is left out, for half a minute', () => {
    expect(failing().at(29_999).send('a6').arrive('a6', v).found(judgeReplicas)).toEqual([
      'a6 arrives at "v", which is left out',
    ]);
    expect(failing().at(30_000).send('a6').arrive('a6', v).found(judgeReplicas)).toEqual([]);
  });

  it('finds one that gets too much when it is back, and one that gets nothing', () => {
    const back = failing().at(30_001);
    for (const id of ['a6', 'a7', 'a8']) back.send(id).arrive(id, v).answer(id);
    expect(back.found(judgeReplicas)).toContain('a8 is one of 3 of 3 that "v" gets at once');
    const starved = scene();
    for (let call = 10; call < 18; call++) starved.call(`a${call}`).answer(`a${call}`);
    expect(starved.found(judgeReplicas)).toEqual(['a17 is one of 8 in a row that "v" does not get']);
  });

  it('finds a client that leaves its own process', () => {
    const pinned = new WireScene({ upstream: { ...u, isPerSession: true }, others: [v] });
    const moved = pinned.call('a1').answer('a1').send('a2').arrive('a2', v);
    expect(moved.found(judgeReplicas)).toEqual(['a2 of a arrives at "v", and its process is of "u"']);
  });
});

describe('the reference of quotas', () => {
  const quota = { windowMs: 1_000, calls: 1 };

  it('finds a call more than a window has, and one that is refused within it', () => {
    const scene = (): WireScene => new WireScene({ routing: { quota } }).call('a1').answer('a1');
    expect(scene().at(1_000).call('a2').found(judgeQuotas)).toEqual([]);
    expect(scene().at(999).call('a2').found(judgeQuotas)).toEqual([
      'a2 arrives, though its server has used 1 calls of 1',
    ]);
    const refusal = { kind: 'error', code: 'OMNI_QUOTA_USED_UP', limit: 'upstream' } as const;
    expect(new WireScene({ routing: { quota } }).send('a1').reply('a1', refusal).found(judgeQuotas)).toEqual([
      'a1 is refused, though its server has a rest',
    ]);
  });

  it('finds calls that have run for longer, and a session that has used more', () => {
    const busy = new WireScene({ routing: { quota: { windowMs: 1_000, busyMs: 50 } } });
    expect(busy.call('a1').at(60).answer('a1').call('a2').found(judgeQuotas)).toEqual([
      'a2 arrives, though its server has used 60 ms of 50',
    ]);
    const session = new WireScene({ limits: { sessionQuota: quota } }).call('a1').answer('a1').call('b1');
    expect(session.call('a2').found(judgeQuotas)).toEqual([
      'a2 is let through, though its session has used 1 calls of 1',
    ]);
  });
});

describe('the reference of keys', () => {
  const scene = (): WireScene =>
    new WireScene({
      calls: {
        a1: { key: 'k', token: 'a1' },
        a2: { key: 'k', token: 'a1' },
        a3: { key: 'k', token: 'a3' },
      },
    });
  const told = { kind: 'answer', attempt: 1 } as const;

  it('lets the same be told again', () => {
    expect(scene().call('a1').answer('a1').at(50).send('a2').reply('a2', told).found(judgeKeys)).toEqual([]);
  });

  it('finds a call that is made twice, one that nobody wants, and one that nothing keeps', () => {
    const cut = scene().call('a1').end('a1', CUT).at(50).send('a2').arrive('a1');
    expect(cut.found(judgeKeys)).toContain(
      'a1 with key k is made again, after {"kind":"cut","at":"request"}',
    );
    const unwanted = scene().send('a1').cancel('a1').at(5).arrive('a1');
    expect(unwanted.found(judgeKeys)).toEqual(['a1 with key k is made, and nobody wants it any more']);
    const kept = scene().call('a1').end('a1', { kind: 'status', status: 501 });
    kept.reply('a1', 'OMNI_UPSTREAM_HTTP_STATUS').at(50).send('a2').reply('a2', 'OMNI_UPSTREAM_HTTP_STATUS');
    expect(kept.found(judgeKeys)).toEqual(['a2 with key k is not made, though nothing has run']);
  });

  it('finds an outcome that is told otherwise, and arguments that differ', () => {
    const cut = scene().call('a1').fail('a1').at(50).send('a2').reply('a2', 'OMNI_UPSTREAM_UNREACHABLE');
    expect(cut.found(judgeKeys)[0]).toContain('a2 with key k hears {"kind":"error"');
    const other = scene().call('a1').answer('a1').at(50).send('a3').reply('a3', told);
    expect(other.found(judgeKeys)[0]).toContain('a3 with key k asks for something else');
    const early = scene().send('a1').reply('a1', 'OMNI_IDEMPOTENCY_KEY_REUSED');
    expect(early.found(judgeKeys)).toEqual(['a1 with key k is said to have been used for something else']);
  });

  it('lets what was cut by a kill be unknown, and finds it made again', () => {
    const unknown = { kind: 'error', code: 'OMNI_OUTCOME_UNKNOWN', isUnknown: true } as const;
    const killed = (): WireScene =>
      scene().call('a1').at(10).kill().end('a1', { kind: 'taken-back' }).cancel('a1').at(50).send('a2');
    expect(killed().reply('a2', unknown).found(judgeKeys)).toEqual([]);
    expect(killed().arrive('a1').found(judgeKeys)).toContain(
      'a1 with key k is made again, after {"kind":"taken-back"}',
    );
  });
});

describe('the reference of coalescing', () => {
  const scene = (capability: 'ask' | 'act' = 'ask'): WireScene =>
    new WireScene(
      {
        routing: { coalesce: { followers: 1 } },
        calls: { a2: { token: 'a1' }, a3: { token: 'a1' }, b1: { token: 'a1' } },
      },
      capability,
    );
  const told = { kind: 'answer', attempt: 1 } as const;

  it('lets those of one client follow', () => {
    const met = scene().call('a1').send('a2').end('a1', { kind: 'answer' });
    expect(met.reply('a1', told).reply('a2', told).found(judgeCoalescing)).toEqual([]);
  });

  it.each([
    ['one that does something', scene('act').call('a1').send('a2')],
    ['one of another user', scene().call('a1').send('b1')],
    ['one more than may follow', scene().call('a1').send('a2').send('a3')],
  ])('finds %s that is not run', (_what, met) => {
    expect(met.found(judgeCoalescing)).toContain('"a1" arrives 1 times in place of 2');
  });

  it('finds one that is run by itself, and one that a cancel of another leaves without an answer', () => {
    expect(scene().call('a1').send('a2').arrive('a1').found(judgeCoalescing)).toContain(
      '"a1" arrives 2 times in place of 1',
    );
    const spared = scene().call('a1').send('a2').cancel('a1').end('a1', { kind: 'taken-back' });
    expect(spared.found(judgeCoalescing)).toContain('a2 is not answered: undefined');
  });
});

describe('the reference of error budgets', () => {
  const budget = { ...DEFAULT_ROUTING.errorBudget, share: 0.5, windowMs: 1_000, minCalls: 2, hides: true };
  const scene = (): WireScene =>
    new WireScene({ routing: { errorBudget: budget }, limits: { maxUpstreamInFlight: 2 } });
  const spent = (): WireScene => scene().call('a1').fail('a1').call('a2').fail('a2');

  it('finds a call to what is to be hidden, and one too many', () => {
    expect(spent().at(10).call('a3').found(judgeErrorBudgets)).toEqual([
      'a3 arrives at what has spent its budget at 0',
    ]);
    expect(spent().at(10).call('a3').call('a4').call('a5').found(judgeErrorBudgets)).toContain(
      'a5 is one of 3, of 2 that are left',
    );
  });

  it('finds what is hidden or refused for nothing', () => {
    const works = scene().call('a1').answer('a1').send('a2');
    expect(works.reply('a2', 'OMNI_NAME_UNKNOWN').found(judgeErrorBudgets)).toEqual([
      'a2 to u act is unknown, though enough works',
    ]);
    const free = scene().send('a1').reply('a1', 'OMNI_OVERLOADED');
    expect(free.found(judgeErrorBudgets)).toEqual(['a1 is refused, while 0 of 2 run and nothing is spent']);
  });

  it('counts no refusal as a failure', () => {
    const refused = scene();
    for (const id of ['a1', 'a2']) refused.call(id).end(id, { kind: 'status', status: 403 });
    expect(refused.at(10).call('a3').found(judgeErrorBudgets)).toEqual([]);
  });
});

describe('the reference of fairness', () => {
  it('finds a user who gets more than a tenth more', () => {
    const scene = (more: number): WireScene => {
      const own = new WireScene({ calls: { a39: { atMs: 1 } } });
      for (let call = 0; call < 20 + more; call++) own.call(`a${call}`).answer(`a${call}`);
      for (let call = 0; call < 20; call++) own.call(`b${call}`).answer(`b${call}`);
      return own;
    };
    expect(scene(2).found(judgeFairness)).toEqual([]);
    expect(scene(3).found(judgeFairness)).toEqual(['ada is served 23 times, bob 20 times']);
  });
});

describe('the reference of tasks', () => {
  const clients = [{ name: 'a', user: 'ada', era: 'modern', declaresTasks: true }] as const;
  const scene = (): WireScene =>
    new WireScene({ routing: { taskAfterMs: 100 }, clients, calls: { b1: { client: 'b' } } });
  const task = { kind: 'task', id: 't' } as const;
  const found = (own: WireScene): readonly string[] => own.found(judgeTasks);

  it('lets a long call become a task', () => {
    const done = scene().call('a1').at(102).reply('a1', task).at(200).end('a1', { kind: 'answer' });
    expect(found(done.result('a1', { kind: 'answer', attempt: 1 }))).toEqual([]);
  });

  it('finds one that comes too soon, too late, or to a client that knows none', () => {
    expect(found(scene().call('a1').at(99).reply('a1', task))).toEqual(['a1 is a task after 99 ms']);
    expect(found(scene().call('a1').at(900).answer('a1'))).toEqual([
      'a1 is answered after 900 ms, and is no task',
    ]);
    expect(found(scene().call('b1').at(102).reply('b1', task))).toEqual([
      'b1 becomes a task, and its client knows none',
    ]);
  });

  it('finds another result, a second run, and a look of another user', () => {
    const ended = (): WireScene =>
      scene().call('a1').at(102).reply('a1', task).at(200).end('a1', { kind: 'answer' });
    expect(found(ended().result('a1', { kind: 'error', code: 'OMNI_INTERNAL' }))[0]).toContain(
      'a1 is a task that ends with {"kind":"error"',
    );
    expect(found(ended())).toEqual(['a1 is a task without an end']);
    expect(found(ended().arrive('a1'))).toEqual(['a1 is made again']);
    expect(found(scene().spy('a1'))[0]).toBe('a1 is seen by another user');
  });
});
