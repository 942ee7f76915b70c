import assert from 'node:assert/strict';
import type {
  CallToKeep,
  HealthLogRow,
  KeptCallLimits,
  NewConfigRevision,
  OutsideDefinition,
  StateStore,
  StoreBatch,
  StoredList,
  StoredOverride,
  StoredUpstream,
  UpstreamStateRow,
} from '@omni/ports';
import type { DefineTest } from './define-test.ts';

/** A store that was made for one test, and what is needed to try it. */
export interface StateStoreScene {
  readonly store: StateStore;
  /**
   * Opens another store on the same data, as the next writer; absent where nothing outlives the store that
   * wrote it.
   */
  readonly openNext?: () => Promise<StateStore>;
}

const AT = Date.UTC(2026, 5, 1, 12, 30, 15, 250);
const HOUR_MS = 3_600_000;

/**
 * What every `StateStore` must do; the test file of each calls this.
 *
 * @param defineTest - `it` of the runner.
 * @param open - Called for each test: an empty store. The suite closes it.
 */
export function stateStoreContract(defineTest: DefineTest, open: () => Promise<StateStoreScene>): void {
  const it = (title: string, run: (scene: StateStoreScene) => Promise<void>): void => {
    defineTest(title, async () => {
      const scene = await open();
      try {
        await run(scene);
      } finally {
        await scene.store.close();
      }
    });
  };

  it('is empty at first', async ({ store }) => {
    same(await store.load(), []);
    same(await store.loadLists(), []);
    same(await store.definitions(), []);
    same(await store.pendingEvents(10), []);
    same(await store.healthLog({ limit: 10 }), []);
    assert.equal(await store.prune(AT, 100), 0);
    assert.ok(store.epoch > 0);
  });

  it('gives back the record of each upstream, and when it was written', async ({ store }) => {
    await store.write(batch('1', { defined: [definition('b'), definition('a')] }));
    same(await rowsOf(store), [
      { name: 'a', source: 'file', revision: 'r1', record: null, writtenAt: null },
      { name: 'b', source: 'file', revision: 'r1', record: null, writtenAt: null },
    ]);
    await store.write(batch('2', { at: AT + 1, states: [state('b', { record: '{"é":"\\u0000"}' })] }));
    assert.deepEqual((await rowsOf(store))[1], {
      name: 'b',
      source: 'file',
      revision: 'r1',
      record: '{"é":"\\u0000"}',
      writtenAt: AT + 1,
    });
  });

  it('takes another definition of the same name', async ({ store }) => {
    await store.write(batch('1', { defined: [definition('a')], states: [state('a')] }));
    await store.write(batch('2', { defined: [{ ...definition('a'), revision: 'r2' }] }));
    const [row] = await store.load();
    assert.equal(row?.revision, 'r2');
    assert.equal(row.record, '{"a":1}');
  });

  // guard: store/once
  it('writes a batch of which it knows the key no second time', async ({ store }) => {
    const first = batch('1', { defined: [definition('a')], log: [row('a')], events: ['one'] });
    await store.write(first);
    await store.write(first);
    assert.equal((await store.healthLog({ limit: 10 })).length, 1);
    assert.equal((await store.pendingEvents(10)).length, 1);
  });

  it('keeps nothing of a batch that cannot be written whole', async ({ store }) => {
    await store.write(batch('1', { defined: [definition('a')], states: [state('a')] }));
    const wrong = {
      ...state('a', { record: 'changed' }),
      healthStatus: 'nonsense',
    } as unknown as UpstreamStateRow;
    const broken = batch('2', { log: [row('a')], events: ['one'], states: [state('a'), wrong] });
    await assert.rejects(store.write(broken));
    assert.equal((await store.load())[0]?.record, '{"a":1}');
    same(await store.healthLog({ limit: 10 }), []);
    same(await store.pendingEvents(10), []);
    await store.write(batch('2', { log: [row('a')] }));
    assert.equal((await store.healthLog({ limit: 10 })).length, 1);
  });

  it('drops what is said of an upstream that it does not know', async ({ store }) => {
    await store.write(batch('1', { states: [state('nobody')], log: [row('nobody')], events: ['told'] }));
    await store.saveList(list('nobody'));
    same(await store.load(), []);
    same(await store.loadLists(), []);
    same(await store.healthLog({ limit: 10 }), []);
    assert.equal((await store.pendingEvents(10)).length, 1);
  });

  it('forgets an upstream with its log and its lists', async ({ store }) => {
    await store.write(batch('1', { defined: [definition('a'), definition('b')], log: [row('a'), row('b')] }));
    await store.saveList(list('a'));
    await store.write(batch('2', { removed: ['a', 'nobody'] }));
    same(
      (await store.load()).map(({ name }) => name),
      ['b'],
    );
    same(await store.loadLists(), []);
    same(
      (await store.healthLog({ limit: 10 })).map(({ upstream }) => upstream),
      ['b'],
    );
  });

  it('gives the health log newest first, of one upstream or of all', async ({ store }) => {
    const rows: readonly HealthLogRow[] = [
      row('a', { eventType: 'disconnected', at: AT }),
      row('b', { eventType: 'connected', at: AT + 1 }),
      row('a', {
        eventType: 'recovery_attempt',
        at: AT + 2,
        status: 'disconnected',
        previousStatus: 'healthy',
        reason: 'failures',
        responseTimeMs: 12,
        errorCode: 'OMNI_UPSTREAM_DOWN',
        errorMessage: 'gone',
        attempt: 3,
        recoveryEtaMs: 10_000_000_000,
        metadata: '{"x":1}',
        instanceId: 'i',
      }),
      row(null, { eventType: 'gap', at: AT + 2 }),
    ];
    await store.write(batch('1', { defined: [definition('a'), definition('b')], log: rows }));
    same(await store.healthLog({ limit: 10 }), rows.toReversed());
    same(await store.healthLog({ limit: 2 }), rows.toReversed().slice(0, 2));
    same(await store.healthLog({ upstream: 'a', limit: 10 }), [rows[2], rows[0]]);
    same(await store.healthLog({ before: AT + 1, limit: 10 }), [rows[0]]);
  });

  it('keeps events in their order until they are published', async ({ store }) => {
    await store.write(batch('1', { events: ['one', 'two'] }));
    await store.write(batch('2', { at: AT + 5, events: ['three'] }));
    const events = await store.pendingEvents(10);
    same(
      [...events].map(({ event, at }) => [event, at]),
      [
        ['one', AT],
        ['two', AT],
        ['three', AT + 5],
      ],
    );
    assert.ok(events.every(({ sequence }, index) => sequence > (events[index - 1]?.sequence ?? 0)));
    assert.equal((await store.pendingEvents(2)).length, 2);
    await store.markPublished(events[1]?.sequence ?? 0);
    same(
      (await store.pendingEvents(10)).map(({ event }) => event),
      ['three'],
    );
  });

  it('keeps the newest list of each kind, byte for byte', async ({ store }) => {
    await store.write(batch('1', { defined: [definition('a'), definition('b')] }));
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
    await store.saveList(list('a', { bytes: Uint8Array.of(1) }));
    await store.saveList(list('a', { bytes, revision: 'r2', readAt: AT + 1 }));
    await store.saveList(list('b', { kind: 'prompts', bytes: new Uint8Array(0) }));
    const kept = await store.loadLists();
    same(
      kept.map(({ bytes: own, ...others }) => ({ ...others, length: own.length })),
      [
        { upstream: 'a', kind: 'tools', revision: 'r2', readAt: AT + 1, length: 100_000 },
        { upstream: 'b', kind: 'prompts', revision: 'r1', readAt: AT, length: 0 },
      ],
    );
    assert.ok(kept[0]?.bytes.every((byte, index) => byte === bytes[index]));
  });

  it('forgets what is older, and keeps what is waiting', async ({ store }) => {
    await store.write(batch('1', { defined: [definition('a')], log: [row('a')], events: ['old'] }));
    await store.write(
      batch('2', { at: AT + HOUR_MS, log: [row('a', { at: AT + HOUR_MS })], events: ['new'] }),
    );
    assert.ok((await store.prune(AT + 1, 100)) < 100);
    same(
      (await store.healthLog({ limit: 10 })).map(({ at }) => at),
      [AT + HOUR_MS],
    );
    assert.equal((await store.pendingEvents(10)).length, 2);
  });

  it('keeps batches with more rows than one statement takes', async ({ store }) => {
    const log = Array.from({ length: 1_201 }, (_, index) => row('a', { at: AT + index }));
    const events = log.map((_, index) => `event ${index}`);
    await store.write(batch('1', { defined: [definition('a')], log, events }));
    assert.equal((await store.healthLog({ limit: 5_000 })).length, log.length);
    same(
      (await store.pendingEvents(5_000)).map(({ event }) => event),
      events,
    );
    while ((await store.prune(AT + 1_000, 700)) >= 700);
    assert.equal((await store.healthLog({ limit: 5_000 })).length, 201);
  });

  it('does calls in the order in which they are made', async ({ store }) => {
    const names = Array.from({ length: 20 }, (_, index) => `server-${index}`);
    const writes = names.map((name) => store.write(batch(name, { defined: [definition(name)] })));
    const loaded = store.load();
    await Promise.all(writes);
    assert.equal((await loaded).length, names.length);
  });

  it('finds nothing wrong with itself', async ({ store }) => {
    await store.write(batch('1', { defined: [definition('a')], log: [row('a')] }));
    const { problems, schemaVersion } = await store.check();
    same(problems, []);
    assert.ok(schemaVersion > 0);
    assert.equal(store.getStatus().level, 'ok');
  });

  // guard: store/closed
  it('does what was asked before it was closed, and nothing later', async ({ store }) => {
    const last = store.write(batch('1', { defined: [definition('a')] }));
    await store.close();
    await last;
    await assert.rejects(store.load(), { code: 'OMNI_STORE_UNAVAILABLE' });
    await store.close();
  });

  // guard: store/calls-in-memory
  it('keeps a call and how it ended over restarts, byte for byte', async ({ store, openNext }) => {
    if (openNext === undefined) {
      await assert.rejects(store.beginCall(call('1'), LIMITS), { code: 'OMNI_IDEMPOTENCY_UNAVAILABLE' });
      return;
    }
    const payload = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    assert.deepEqual({ ...(await store.beginCall(call('1'), LIMITS)) }, { kind: 'begun' });
    assert.deepEqual({ ...(await store.beginCall(call('2'), LIMITS)) }, { kind: 'begun' });
    assert.equal(await store.endCall('2', { outcome: '{"é":1}', payload }, LIMITS), true);
    assert.equal(await store.endCall('nobody', { outcome: '{}', payload }, LIMITS), true);
    await store.close();
    const next = await openNext();
    try {
      const first = await next.beginCall(call('1', { operation: 'other' }), LIMITS);
      assert.deepEqual({ ...first }, { kind: 'known', digest: 'd', operation: 'o1', end: null });
      const second = await next.beginCall(call('2', { digest: 'other' }), LIMITS);
      assert.equal(second.kind, 'known');
      if (second.kind !== 'known') return;
      assert.equal(second.digest, 'd');
      assert.equal(second.end?.outcome, '{"é":1}');
      assert.ok(second.end?.payload?.every((byte, index) => byte === payload[index]));
      assert.equal(second.end?.payload?.length, payload.length);
      const { end, ...facts } = (await next.findCall('2', AT + HOUR_MS - 1)) ?? {};
      assert.deepEqual({ ...facts }, { digest: 'd', operation: 'o1', begunAt: AT, keptUntil: AT + HOUR_MS });
      assert.equal(end?.outcome, '{"é":1}');
      assert.equal(end?.payload?.length, payload.length);
      assert.equal((await next.findCall('1', AT))?.end, null);
      assert.equal(await next.findCall('2', AT + HOUR_MS), undefined);
      assert.equal(await next.findCall('nobody', AT), undefined);
      await next.forgetCall('1');
      assert.equal((await next.beginCall(call('1'), LIMITS)).kind, 'begun');
    } finally {
      await next.close();
    }
  });

  it('forgets a call when its time is over, and not before', async ({ store, openNext }) => {
    if (openNext === undefined) return;
    await store.beginCall(call('1'), LIMITS);
    await store.endCall('1', { outcome: '{}', payload: null }, LIMITS);
    const late = { begunAt: AT + HOUR_MS - 1, keptUntil: AT + 2 * HOUR_MS };
    assert.equal((await store.beginCall(call('1', late), LIMITS)).kind, 'known');
    const again = call('1', { begunAt: AT + HOUR_MS, keptUntil: AT + 2 * HOUR_MS, digest: 'e' });
    assert.equal((await store.beginCall(again, LIMITS)).kind, 'begun');
    assert.deepEqual(
      { ...(await store.beginCall(again, LIMITS)) },
      { kind: 'known', digest: 'e', operation: 'o1', end: null },
    );
    await store.beginCall(call('2'), LIMITS);
    assert.equal(await store.pruneCalls(AT + HOUR_MS - 1, 10), 0);
    assert.equal(await store.pruneCalls(AT + HOUR_MS, 10), 1);
    assert.equal((await store.beginCall(call('2'), LIMITS)).kind, 'begun');
  });

  // guard: store/kept-calls, store/kept-bytes
  it('keeps so many calls and bytes of one principal, whatever others have', async ({ store, openNext }) => {
    if (openNext === undefined) return;
    const limits = { maxCalls: 2, maxBytes: 10 };
    // Of each two bytes are its outcome.
    const end = (size: number) => ({ outcome: '{}', payload: new Uint8Array(size - 2) });
    await store.beginCall(call('1', { keptUntil: AT + 5 }), limits);
    await store.beginCall(call('2'), limits);
    assert.deepEqual({ ...(await store.beginCall(call('3'), limits)) }, { kind: 'full', until: AT + 5 });
    assert.equal((await store.beginCall(call('4', { principal: 'bob' }), limits)).kind, 'begun');
    assert.equal(await store.endCall('2', end(11), limits), false);
    assert.equal(await store.endCall('2', end(9), limits), true);
    assert.equal(await store.endCall('2', end(10), limits), true);
    assert.equal(await store.endCall('1', end(2), limits), false);
    assert.equal(await store.endCall('1', { outcome: '{}', payload: null }, limits), true);
    assert.equal((await store.beginCall(call('5', { begunAt: AT + 5 }), limits)).kind, 'full');
    await store.forgetCall('2');
    assert.equal((await store.beginCall(call('5', { begunAt: AT + 5 }), limits)).kind, 'begun');
    // The text of a failure takes room as well.
    await store.endCall('5', { outcome: '{"text":""}', payload: null }, limits);
    assert.equal(
      (await store.beginCall(call('6', { begunAt: AT + 5 }), { ...limits, maxCalls: 9 })).kind,
      'full',
    );
  });

  it('outlives the store that wrote it', async ({ store, openNext }) => {
    if (openNext === undefined) return;
    await store.write(batch('1', { defined: [definition('a')], states: [state('a')], events: ['one'] }));
    await store.close();
    const next = await openNext();
    try {
      assert.equal((await next.load())[0]?.record, '{"a":1}');
      assert.equal((await next.pendingEvents(10)).length, 1);
      assert.ok(next.epoch > store.epoch);
    } finally {
      await next.close();
    }
  });

  it('numbers configurations, keeps each once, and gives them back newest first', async ({ store }) => {
    same(await store.revisions(10), []);
    assert.equal(await store.findRevision(1), undefined);
    const first = await store.addRevision(revision('a'));
    const second = await store.addRevision(revision('b', { document: null, isWhole: false }));
    assert.ok(first >= 1 && second > first);
    assert.equal(await store.addRevision(revision('a', { author: 'somebody else' })), first);
    same(await store.revisions(10), [
      { number: second, ...revision('b', { document: null, isWhole: false }) },
      { number: first, ...revision('a') },
    ]);
    same(
      (await store.revisions(1)).map(({ key }) => key),
      ['b'],
    );
    same([await store.findRevision(first)], [{ number: first, ...revision('a') }]);
  });

  // guard: store/override-time
  it('keeps overrides until they are forgotten or their time is over', async ({ store }) => {
    await store.keepOverride(override('a', { until: AT + HOUR_MS }));
    await store.keepOverride(override('b', { at: AT + 1 }));
    await store.keepOverride(override('c', { at: AT + 2 }));
    await store.keepOverride(override('a', { until: AT + HOUR_MS, author: 'bob' }));
    await store.forgetOverride('c');
    same(await store.overrides(AT), [
      override('a', { until: AT + HOUR_MS, author: 'bob' }),
      override('b', { at: AT + 1 }),
    ]);
    same(await store.overrides(AT + HOUR_MS), [override('b', { at: AT + 1 })]);
    same(await store.overrides(AT), [override('b', { at: AT + 1 })]);
  });
}

const LIMITS: KeptCallLimits = { maxCalls: 100, maxBytes: 1_000_000 };

function call(id: string, parts: Partial<CallToKeep> = {}): CallToKeep {
  return {
    id,
    principal: 'ada',
    digest: 'd',
    operation: 'o1',
    begunAt: AT,
    keptUntil: AT + HOUR_MS,
    ...parts,
  };
}

function revision(key: string, parts: Partial<NewConfigRevision> = {}): NewConfigRevision {
  return {
    key,
    at: AT,
    author: 'ada',
    cause: 'file',
    hash: 'h',
    summary: '{}',
    document: '[]',
    isWhole: true,
    ...parts,
  };
}

function override(id: string, parts: Partial<StoredOverride> = {}): StoredOverride {
  return { id, at: AT, author: 'ada', until: null, document: '{}', ...parts };
}

/** Arrays of another realm, such as those of the database under Jest, are no equals of one's own. */
function same(actual: readonly unknown[], expected: readonly unknown[]): void {
  assert.deepEqual([...actual], [...expected]);
}

function batch(key: string, parts: Partial<StoreBatch> = {}): StoreBatch {
  return { key, at: AT, ...parts };
}

function definition(name: string): OutsideDefinition {
  return {
    name,
    source: 'file',
    revision: 'r1',
    transport: 'stdio',
    url: null,
    command: 'run',
    enabled: true,
    critical: false,
  };
}

/** Without what not every store keeps. */
async function rowsOf(store: StateStore): Promise<readonly Omit<StoredUpstream, 'recordRevision'>[]> {
  return (await store.load()).map(({ name, source, revision, record, writtenAt }) => ({
    name,
    source,
    revision,
    record,
    writtenAt,
  }));
}

function state(name: string, parts: Partial<UpstreamStateRow> = {}): UpstreamStateRow {
  return {
    name,
    record: '{"a":1}',
    recordRevision: 'r1',
    healthStatus: 'healthy',
    circuitState: 'closed',
    consecutiveFailures: 0,
    failedCycles: 0,
    lastRecoveryAttempt: AT,
    nextAttemptAt: null,
    lastHealthCheck: AT,
    lastSeen: AT,
    outageStartedAt: null,
    totalDowntimeMs: 0,
    disabledReason: null,
    disabledAt: null,
    lastErrorCode: null,
    lastError: null,
    protocolVersion: '2026-07-28',
    serverInfo: '{"name":"x"}',
    ...parts,
  };
}

function row(upstream: string | null, parts: Partial<HealthLogRow> = {}): HealthLogRow {
  return {
    upstream,
    at: AT,
    eventType: 'connected',
    status: null,
    previousStatus: null,
    reason: null,
    responseTimeMs: null,
    errorCode: null,
    errorMessage: null,
    attempt: null,
    recoveryEtaMs: null,
    metadata: null,
    instanceId: null,
    ...parts,
  };
}

function list(upstream: string, parts: Partial<StoredList> = {}): StoredList {
  return { upstream, kind: 'tools', revision: 'r1', bytes: Uint8Array.of(7), readAt: AT, ...parts };
}
