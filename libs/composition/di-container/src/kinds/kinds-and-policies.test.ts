import { describe, expect, it } from '@jest/globals';
import { DEFAULT_ROUTING } from '@omni/ports';
import { readFileSync } from 'node:fs';
import { KindScene, type KindSettings, type Passing } from './kind-scene.fixture.ts';
import { ParkedScene } from './parked-scene.fixture.ts';

/** What passes the stages: how it looks to them. */
const PASSING = {
  call: { method: 'resources/read', unsafeMethod: 'tools/call' },
  streamed: { method: 'resources/read', unsafeMethod: 'tools/call', isStreamed: true },
  tasks: { method: 'tasks/get', isPinned: true },
  listens: { method: 'subscriptions/listen', isInternal: true },
  lists: { method: 'tools/list', isInternal: true },
} as const satisfies Readonly<Record<string, Passing>>;

type PassingKind = keyof typeof PASSING;
/** A call that was asked back something and waits; what has no stage at all; what a server asks in a call. */
type Kind = PassingKind | 'parked' | 'notifications' | 'probes' | 'server requests';

const KINDS: readonly Kind[] = [
  'call',
  'streamed',
  'parked',
  'tasks',
  'listens',
  'notifications',
  'lists',
  'probes',
  'server requests',
];

const ONE_AT_ONCE = { perSecond: 0.001, burst: 1 };
const ONE_ATTEMPT = { ...DEFAULT_ROUTING.retry, attempts: 1 };

/** What tells whether a policy concerns a kind: the settings, and what is tried under them. */
interface Trial extends KindSettings {
  readonly concerns: (scene: KindScene, kind: Passing) => Promise<boolean>;
}

const secondEndsWith =
  (code: string): Trial['concerns'] =>
  async (scene, kind) => {
    scene.begin(kind);
    const { client } = scene.begin(kind);
    await scene.pass(0);
    return client.last === code;
  };

const endsWith =
  (code: string, ms = 0, isUnsafe = false): Trial['concerns'] =>
  async (scene, kind) => {
    const { client } = scene.begin(kind, isUnsafe);
    await scene.pass(ms);
    return client.last === code;
  };

const TRIALS = {
  'rate of the user': {
    limits: '{"userRate":{"rps":0.001,"burst":1}}',
    concerns: secondEndsWith('OMNI_RATE_LIMITED'),
  },
  'read-only override': {
    override: { kind: 'read-only' },
    concerns: endsWith('OMNI_OVERRIDDEN', 0, true),
  },
  deadline: {
    routing: { deadlineMs: 100 },
    concerns: endsWith('OMNI_UPSTREAM_TIMEOUT', 100),
  },
  coalescing: {
    routing: { coalesce: { followers: 5 } },
    async concerns(scene, kind) {
      scene.begin(kind);
      scene.begin(kind);
      return scene.sent.length === 1;
    },
  },
  retry: {
    async concerns(scene, kind) {
      scene.begin(kind);
      scene.sent[0]?.fail();
      await scene.pass(10_000);
      return scene.sent.length === 2;
    },
  },
  hedge: {
    routing: { hedge: { quantile: 0.5, minDelayMs: 10 } },
    async concerns(scene, kind) {
      for (let time = 0; time < 40; time++) {
        scene.begin(PASSING.call);
        await scene.pass(20);
        scene.sent.at(-1)?.answer();
      }
      const before = scene.sent.length;
      scene.begin(kind);
      await scene.pass(2_000);
      return scene.sent.length > before + 1;
    },
  },
  'breaker override': {
    override: { kind: 'breaker', state: 'open' },
    concerns: endsWith('OMNI_OVERRIDDEN'),
  },
  'throttle override': {
    override: { kind: 'throttle', rate: ONE_AT_ONCE },
    concerns: secondEndsWith('OMNI_RATE_LIMITED'),
  },
  breaker: {
    routing: { retry: ONE_ATTEMPT, breaker: { ...DEFAULT_ROUTING.breaker, failures: 1, openMs: 60_000 } },
    async concerns(scene, kind) {
      scene.begin(kind);
      scene.sent[0]?.fail();
      const { client } = scene.begin(kind);
      await scene.pass(0);
      return client.last === 'OMNI_CIRCUIT_OPEN';
    },
  },
  'rate of the server': {
    routing: { rate: ONE_AT_ONCE },
    concerns: secondEndsWith('OMNI_RATE_LIMITED'),
  },
  queue: {
    routing: { rate: { perSecond: 1, burst: 1 }, queue: { maxWaiting: 5, maxWaitMs: 10_000 } },
    async concerns(scene, kind) {
      for (let time = 0; time < 3; time++) scene.begin(kind).running.cancel();
      scene.begin(kind);
      scene.begin(kind).running.cancel();
      const before = scene.sent.length;
      await scene.pass(5_000);
      // What was cancelled has left the queue.
      return before === 1 && scene.sent.length === 2;
    },
  },
  'calls under way': {
    limits: '{"maxUpstreamInFlight":1,"maxInstanceInFlight":1}',
    async concerns(scene, kind) {
      scene.begin(PASSING.call);
      const { client } = scene.begin(kind);
      await scene.pass(0);
      return client.last === 'OMNI_OVERLOADED';
    },
  },
  faults: {
    routing: { retry: ONE_ATTEMPT, faults: { share: 1, delayMs: 0, end: 'error' } },
    concerns: endsWith('OMNI_FAULT_INJECTED'),
  },
} as const satisfies Readonly<Record<string, Trial>>;

type Tried = keyof typeof TRIALS;
type Policy =
  Tried | 'time limits of an attempt' | 'latency' | 'batching' | 'limit of its own' | 'long calls as tasks';

/** A test elsewhere that shows what a cell says, by its file and its title. */
interface Shown {
  readonly file: string;
  readonly title: string;
}

interface Cell {
  /** As the page says it. */
  readonly says: string;
  readonly shows: Shown | ((policy: Policy, kind: Kind) => Promise<void>);
}

const trialOf = (policy: Policy): Trial | undefined =>
  policy in TRIALS ? TRIALS[policy as Tried] : undefined;

const isConcerned = async (policy: Policy, kind: Kind): Promise<boolean> => {
  const trial = trialOf(policy);
  if (trial === undefined) throw new TypeError(policy);
  return await trial.concerns(new KindScene(trial), PASSING[kind as PassingKind]);
};

/** The policy does to it what it does to a plain call. */
const yes = (says = 'yes'): Cell => ({
  says,
  shows: async (policy, kind) => expect(await isConcerned(policy, kind)).toBe(true),
});

/** It passes where a plain call is refused, changed or made again. */
const no = (says = 'no'): Cell => ({
  says,
  async shows(policy, kind) {
    expect(await isConcerned(policy, 'call')).toBe(true);
    expect(await isConcerned(policy, kind)).toBe(false);
  },
});

/** It goes past all stages of calls: its server gets it whatever is in force. */
const past = (what: 'notification' | 'probe'): Cell => ({
  says: 'no',
  shows: async (policy) => expect(await new KindScene(trialOf(policy) ?? {}).reaches(what)).toBe(true),
});

/** The client of a call that runs is asked at once, whatever is in force. */
const asked = (settings?: KindSettings): Cell => ({
  says: 'no',
  async shows(policy) {
    const { override, ...more } = settings ?? trialOf(policy) ?? {};
    const scene = new KindScene(more);
    const { client } = scene.begin(PASSING.call);
    await scene.pass(1);
    if (override !== undefined) scene.set(override);
    for (let time = 0; time < 3; time++) scene.sent[0]?.ask();
    expect(client.heard).toEqual(['asked', 'asked', 'asked']);
  },
});

const shown = (says: string, file: string, title: string): Cell => ({
  says,
  shows: { file: `libs/core/${file}`, title },
});

const tried = (says: string, shows: () => Promise<void> | void): Cell => ({
  says,
  shows: async () => await shows(),
});

/** Of a call that waits for its client. */
const parked = (
  says: string,
  settings: ConstructorParameters<typeof ParkedScene>[0],
  show: (scene: ParkedScene) => Promise<void>,
): Cell =>
  tried(says, async () => {
    const scene = await new ParkedScene(settings).start();
    await show(scene);
    await scene.stop();
  });

/** Coming back is answered by the call that waits, whatever is in force for further ones. */
const goesOn = (policy: Tried, settings?: KindSettings): Cell => {
  const trial: Trial = TRIALS[policy];
  const { routing = {}, limits = '{}', override } = settings ?? trial;
  return parked('no', { routing, limits }, async (scene) => {
    const state = await scene.park();
    if (override !== undefined) scene.set(override);
    expect([await scene.comeBack(state), scene.calls]).toEqual(['answered', 1]);
  });
};

const BATCHED = 'upstreams/src/channel/batched-calls.test.ts';
const DEADLINES = 'upstreams/src/connection/deadlines.test.ts';
const METERS = 'telemetry/src/metrics/meters.test.ts';
const LIMITER = 'call-policies/src/limiter.test.ts';

const OWN_TASKS = 'call-policies/src/tasks/own-tasks.test.ts';

const NO_STAGES = { notifications: past('notification'), probes: past('probe') };
/** Nothing of routing concerns them. */
const OUTSIDE = { ...NO_STAGES, 'server requests': asked() };

/** Every policy against every kind: the type leaves no cell empty. */
const TABLE: Readonly<Record<Policy, Readonly<Record<Kind, Cell>>>> = {
  'rate of the user': {
    call: yes(),
    streamed: yes(),
    parked: parked('yes', TRIALS['rate of the user'], async (scene) => {
      expect(await scene.comeBack(await scene.park())).toBe('OMNI_RATE_LIMITED');
    }),
    tasks: yes(),
    listens: no(),
    lists: no(),
    ...OUTSIDE,
  },
  'read-only override': {
    call: yes(),
    streamed: yes(),
    parked: goesOn('read-only override'),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...OUTSIDE,
  },
  deadline: {
    call: yes(),
    streamed: yes('to its last byte'),
    parked: parked('of each round', TRIALS.deadline, async (scene) => {
      const state = await scene.park();
      await scene.pass(5_000);
      expect(await scene.comeBack(state)).toBe('answered');
    }),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...OUTSIDE,
  },
  coalescing: {
    call: yes(),
    streamed: tried('answered whole', () => {
      const scene = new KindScene(TRIALS.coalescing);
      const calls = [scene.begin(PASSING.streamed), scene.begin(PASSING.streamed)];
      expect([scene.sent.length, scene.sent[0]?.chunks]).toEqual([1, undefined]);
      scene.sent[0]?.answer();
      expect(calls.map(({ client }) => client.heard)).toEqual([['message'], ['message']]);
    }),
    parked: shown(
      'no',
      'call-policies/src/stages/request-coalescing.test.ts',
      'is for one of them alone where it %s',
    ),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...NO_STAGES,
    'server requests': tried('asked of one', () => {
      const scene = new KindScene(TRIALS.coalescing);
      const calls = [scene.begin(PASSING.call), scene.begin(PASSING.call)];
      scene.sent[0]?.ask();
      expect(calls.map(({ client }) => client.heard)).toEqual([['asked'], []]);
      expect(scene.sent).toHaveLength(2);
    }),
  },
  retry: {
    call: yes(),
    streamed: no('not after its first byte'),
    parked: parked('no', {}, async (scene) => {
      const state = await scene.park();
      scene.exit();
      await scene.pass(10_000);
      expect(await scene.comeBack(state)).not.toBe('answered');
      expect(scene.calls).toBe(1);
    }),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...NO_STAGES,
    'server requests': tried('none after one', async () => {
      const scene = new KindScene({});
      const { client } = scene.begin(PASSING.call);
      scene.sent[0]?.ask();
      scene.sent[0]?.fail();
      await scene.pass(10_000);
      expect([scene.sent.length, client.heard]).toEqual([1, ['asked', 'OMNI_UPSTREAM_EXITED']]);
    }),
  },
  hedge: {
    call: yes(),
    streamed: no('not after its first byte'),
    parked: goesOn('hedge'),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...NO_STAGES,
    'server requests': shown(
      'none after one',
      'call-policies/src/attempts/repeated-request.test.ts',
      'hears one attempt only, from its first word on',
    ),
  },
  'breaker override': {
    call: yes(),
    streamed: yes(),
    parked: goesOn('breaker override'),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...OUTSIDE,
  },
  'throttle override': {
    call: yes(),
    streamed: yes(),
    parked: goesOn('throttle override'),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...OUTSIDE,
  },
  breaker: {
    call: yes(),
    streamed: yes('judged at its end'),
    parked: parked('judged at its end', TRIALS.breaker, async (scene) => {
      const [first, second] = [await scene.park(), await scene.park()];
      expect([await scene.comeBack(first), await scene.call()]).toEqual(['answered', 'asked']);
      scene.exit();
      await scene.pass(5_000);
      expect(await scene.comeBack(second)).not.toBe('answered');
      expect(await scene.call()).toBe('OMNI_CIRCUIT_OPEN');
    }),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...OUTSIDE,
  },
  'rate of the server': {
    call: yes(),
    streamed: yes(),
    parked: goesOn('rate of the server'),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...OUTSIDE,
  },
  queue: {
    call: yes('a cancel leaves it'),
    streamed: yes('a cancel leaves it'),
    parked: goesOn('queue'),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...OUTSIDE,
  },
  'calls under way': {
    call: yes(),
    streamed: tried('to its last byte', async () => {
      const scene = new KindScene(TRIALS['calls under way']);
      const { client } = scene.begin(PASSING.streamed);
      expect(client.heard).toEqual(['head', 'chunk']);
      const refused = scene.begin(PASSING.call);
      await scene.pass(0);
      expect(refused.client.last).toBe('OMNI_OVERLOADED');
      scene.sent[0]?.chunks?.onResponseEnd();
      scene.begin(PASSING.call);
      expect(scene.sent).toHaveLength(2);
    }),
    parked: parked('while it waits, too', TRIALS['calls under way'], async (scene) => {
      const state = await scene.park();
      expect(await scene.call()).toBe('OMNI_OVERLOADED');
      expect([await scene.comeBack(state), await scene.call()]).toEqual(['answered', 'asked']);
    }),
    tasks: tried('free once it is created', async () => {
      const scene = new KindScene(TRIALS['calls under way']);
      // A call that has become a task has been answered.
      scene.begin(PASSING.call);
      scene.sent[0]?.answer();
      const { client } = scene.begin({ method: 'tasks/result', isPinned: true });
      scene.begin(PASSING.call);
      await scene.pass(0);
      expect([client.heard, scene.sent.length]).toEqual([[], 3]);
    }),
    listens: no(),
    lists: no('16 more for Omni'),
    ...OUTSIDE,
  },
  faults: {
    call: yes(),
    streamed: yes(),
    parked: goesOn('faults', { routing: { faults: { share: 1, delayMs: 1, end: 'none' } } }),
    tasks: no(),
    listens: no(),
    lists: no(),
    ...NO_STAGES,
    'server requests': asked({ routing: { faults: { share: 1, delayMs: 1, end: 'none' } } }),
  },
  'time limits of an attempt': {
    call: shown('yes', DEADLINES, 'fires when nothing was heard for the idle time'),
    streamed: shown(
      'a slow reader pauses them',
      'upstreams/src/http/modern-http-connection.test.ts',
      'pauses a long answer for a slow reader, which is no silence, and ends it for one that leaves',
    ),
    parked: parked(
      'paused, but for the cap',
      { callTimeoutMs: 1_000, maxCallTimeMs: 60_000 },
      async (scene) => {
        const state = await scene.park();
        await scene.pass(30_000);
        expect(await scene.comeBack(state)).toBe('answered');
        const late = await scene.park();
        await scene.pass(61_000);
        expect(await scene.comeBack(late)).not.toBe('answered');
      },
    ),
    tasks: shown(
      'waits: the cap',
      'upstreams/src/connection/call-timeout.test.ts',
      'lets a silent %s wait for %i ms',
    ),
    listens: shown('none', 'upstreams/src/connection/call-timeout.test.ts', 'sets a subscription no limit'),
    notifications: past('notification'),
    lists: shown('yes', DEADLINES, 'fires when nothing was heard for the idle time'),
    probes: shown(
      'their own',
      'upstreams/src/probing/probe-outcomes.test.ts',
      'is silent after its time, and takes no later answer',
    ),
    'server requests': shown('paused', DEADLINES, 'does not count the time for which it is held'),
  },
  latency: {
    call: shown('yes', METERS, 'measures calls by tool, server and end'),
    streamed: shown('to its last byte', METERS, 'measures calls by tool, server and end'),
    parked: shown('paused', METERS, 'leaves out how long a client takes to answer what the server asks'),
    tasks: shown('yes', METERS, 'measures calls by tool, server and end'),
    listens: shown('none', METERS, 'leaves out listening, which takes as long as somebody wants it'),
    lists: shown('yes', METERS, 'measures calls by tool, server and end'),
    ...NO_STAGES,
    'server requests': shown(
      'paused',
      METERS,
      'leaves out how long a client takes to answer what the server asks',
    ),
  },
  batching: {
    call: shown('yes', BATCHED, 'are sent together, and each gets its own answer [S003-PH-10]'),
    streamed: shown('no', BATCHED, 'are sent one by one where %s'),
    parked: goesOn('retry', { routing: { batch: { maxCalls: 9, windowMs: 1 } } }),
    tasks: shown('yes', BATCHED, 'are sent together, and each gets its own answer [S003-PH-10]'),
    listens: shown('no', BATCHED, 'are sent one by one where %s'),
    notifications: shown('no', BATCHED, 'go before what is sent behind them'),
    lists: shown('no', BATCHED, 'are sent one by one where %s'),
    probes: shown('no', BATCHED, 'are sent one by one where %s'),
    'server requests': asked({ routing: { batch: { maxCalls: 9, windowMs: 1 } } }),
  },
  'limit of its own': {
    call: shown(
      'calls under way',
      LIMITER,
      'limits the calls of an upstream on all its connections and instances together [PROTO-R12]',
    ),
    streamed: shown(
      'calls under way',
      LIMITER,
      'limits the calls of an upstream on all its connections and instances together [PROTO-R12]',
    ),
    parked: shown(
      '1,000, fair',
      'request-router/src/bridge/parked-calls.test.ts',
      'have room for others when one user has as many as fit',
    ),
    tasks: shown('of waits for them', LIMITER, 'counts calls that wait for tasks by themselves'),
    listens: shown(
      '1,000, fair',
      'protocol-handler/src/modern/listen-hub.test.ts',
      'is open at most a thousand times for one user, which leaves room for others',
    ),
    notifications: shown(
      'of what waits',
      'upstreams/src/http/own-posts.test.ts',
      'gives a connection up on which too much waits',
    ),
    lists: shown(
      '16',
      LIMITER,
      'has room for calls of Omni where clients have taken all, but not for any number',
    ),
    probes: shown(
      '16',
      'upstreams/src/probing/prober.test.ts',
      'are sixteen at a time, whatever connections they go over',
    ),
    'server requests': shown(
      '64 of a server, 100 of a client',
      'protocol-handler/src/legacy/legacy-session.test.ts',
      'has at most a hundred questions open',
    ),
  },
  'long calls as tasks': {
    call: shown('of tools', OWN_TASKS, 'becomes a task, which is written down before its client hears of it'),
    streamed: shown(
      'not after its first byte',
      OWN_TASKS,
      'once its client has the first byte of the answer',
    ),
    parked: shown('no', OWN_TASKS, 'that goes on with something'),
    tasks: shown('no', OWN_TASKS, 'that goes on with something'),
    listens: shown('no', OWN_TASKS, 'that is none of a tool'),
    lists: shown('no', OWN_TASKS, 'that is none of a tool'),
    ...NO_STAGES,
    'server requests': shown(
      'the task waits',
      OWN_TASKS,
      'waits for its client when the server asks it something, and goes on with the answers',
    ),
  },
};

/** Policies whose own pages and tests say what they do to each kind. */
const ELSEWHERE = ['quota', 'adaptive concurrency', 'replicas and mirror', 'idempotency keys'];

const ROOT = new URL('../../../../../', import.meta.url);

describe.each(Object.entries(TABLE))('%s', (policy, cells) => {
  it.each(KINDS)('× %s', async (kind) => {
    const { shows } = cells[kind];
    // The table has its own keys.
    if (typeof shows === 'function') return await shows(policy as Policy, kind);
    const text = readFileSync(new URL(shows.file, ROOT), 'utf8');
    expect(text).toContain(shows.title);
  });
});

it('is what docs/routing/kinds.md says', () => {
  const page = readFileSync(new URL('docs/routing/kinds.md', ROOT), 'utf8');
  const lines = page.split('\n').filter((line) => line.startsWith('|'));
  const rows = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(rows[0]).toEqual(['', ...KINDS]);
  expect(rows.slice(2)).toEqual([
    ...Object.entries(TABLE).map(([policy, cells]) => [policy, ...KINDS.map((kind) => cells[kind].says)]),
    ...ELSEWHERE.map((policy) => [policy, ...KINDS.map(() => '·')]),
  ]);
});
