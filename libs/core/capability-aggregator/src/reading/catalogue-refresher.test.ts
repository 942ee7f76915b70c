import { describe, expect, it } from '@jest/globals';
import type { UpstreamConnection } from '@omni/model';
import { type Logger, silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { CatalogueRefresher } from './catalogue-refresher.ts';
import { emptyList, type UpstreamCatalogue } from './upstream-catalogue.ts';

// The refresher only hands connections on to `read`; which one it was is all that counts here.
const connection = (upstream: string): UpstreamConnection => ({ upstream }) as UpstreamConnection;

const catalogueOf = (upstream: string): UpstreamCatalogue => ({
  upstream,
  era: 'modern',
  capabilities: '{}',
  instructions: undefined,
  serverInfo: undefined,
  tools: emptyList(),
  resources: emptyList(),
  templates: emptyList(),
  prompts: emptyList(),
  withheld: [],
});

const unreadable = (upstream: string): UpstreamCatalogue => ({
  ...catalogueOf(upstream),
  tools: emptyList('error -32603: not ready'),
});

function setUp(awaited: readonly string[] = [], configuredMs?: number, lingerMs = 30_000) {
  const clock = new VirtualClock();
  const published: string[] = [];
  const readings: {
    readonly connection: UpstreamConnection;
    readonly finish: (outcome?: Error | UpstreamCatalogue) => void;
  }[] = [];
  const warnings: unknown[] = [];
  const logger: Logger = { ...silentLogger, warn: (fields) => warnings.push(fields) };
  const refresher = new CatalogueRefresher({
    publish: (upstream, catalogue, isSuccessor) =>
      published.push(
        `${upstream} ${catalogue === undefined ? 'gone' : 'read'}${isSuccessor ? ' as another' : ''}`,
      ),
    read: (of) =>
      new Promise((resolve, reject) => {
        readings.push({
          connection: of,
          finish: (outcome = catalogueOf(of.upstream)) =>
            outcome instanceof Error ? reject(outcome) : resolve(outcome),
        });
      }),
    listAgeMs: () => configuredMs,
    clock,
    logger,
    awaited,
    startGraceMs: 1_000,
    lingerMs,
  });
  return { clock, published, readings, warnings, refresher };
}

describe('CatalogueRefresher', () => {
  it('reads an upstream that comes up', async () => {
    const { refresher, readings, published, clock } = setUp();
    refresher.onReady('a', connection('a'));
    readings[0]?.finish();
    await clock.advanceAsync(0);
    expect(published).toEqual(['a read']);
  });

  // guard: change/reading
  it('reads once more, not many times more, after changes during a reading and within a second of it', async () => {
    const { refresher, readings, clock } = setUp();
    refresher.onReady('a', connection('a'));
    for (let change = 0; change < 50; change++) refresher.onListsChanged('a');
    readings[0]?.finish();
    await clock.advanceAsync(500);
    for (let change = 0; change < 50; change++) refresher.onListsChanged('a');
    await clock.advanceAsync(499);
    const withinTheSecond = readings.length;
    await clock.advanceAsync(1);
    expect(withinTheSecond).toBe(1);
    expect(readings).toHaveLength(2);
  });

  // guard: change/stale-connection
  it('does not publish what was read from a connection that is gone', async () => {
    const { refresher, readings, published, clock } = setUp();
    refresher.onReady('a', connection('a'));
    refresher.onDown('a');
    readings[0]?.finish();
    await clock.advanceAsync(0);
    expect(published).toEqual([]);
  });

  // guard: change/gone
  it('keeps an upstream in the lists for as long as is wanted after it went', async () => {
    const { refresher, published, clock } = setUp();
    refresher.onDown('a');
    await clock.advanceAsync(29_999);
    const before = [...published];
    await clock.advanceAsync(1);
    expect(before).toEqual([]);
    expect(published).toEqual(['a gone']);
  });

  // guard: change/gone-at-once
  it('takes an upstream out at once where nothing is to linger', () => {
    const { refresher, published, clock } = setUp([], undefined, 0);
    refresher.onDown('a');
    expect(published).toEqual(['a gone']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells each time when the lists of a connection have been read, and whether something is missing', async () => {
    const { refresher, readings, clock } = setUp();
    const told: boolean[] = [];
    refresher.onReady('a', connection('a'), (hasProblem) => told.push(hasProblem));
    readings[0]?.finish();
    await clock.advanceAsync(1_000);
    expect(told).toEqual([false]);
    refresher.onListsChanged('a');
    readings[1]?.finish(new TypeError('broken'));
    await clock.advanceAsync(0);
    expect(told).toEqual([false, true]);
    await clock.advanceAsync(5_000);
    refresher.onDown('a');
    readings[2]?.finish();
    await clock.advanceAsync(0);
    expect(told).toEqual([false, true]);
  });

  it('leaves what a predecessor offered until its successor has been read', async () => {
    const { refresher, readings, published, clock } = setUp();
    refresher.onReady('a', connection('a'));
    readings[0]?.finish();
    await clock.advanceAsync(0);
    refresher.onReplaced('a');
    await clock.advanceAsync(120_000);
    expect(published).toEqual(['a read']);
    refresher.onReady('a', connection('a'));
    readings[1]?.finish();
    await clock.advanceAsync(0);
    refresher.onListsChanged('a');
    await clock.advanceAsync(1_000);
    readings[2]?.finish();
    await clock.advanceAsync(0);
    expect(published).toEqual(['a read', 'a read as another', 'a read']);
  });

  // guard: registry/predecessor
  it('takes what a predecessor offered out when its successor fails, and then only waits as usual', async () => {
    const { refresher, published, clock } = setUp();
    refresher.onReplaced('a');
    refresher.onDown('a');
    expect(published).toEqual(['a gone as another']);
    refresher.onDown('a');
    await clock.advanceAsync(29_999);
    expect(published).toHaveLength(1);
  });

  it('takes what a predecessor offered out when its successor cannot be read', async () => {
    const { refresher, readings, published, clock } = setUp();
    refresher.onReplaced('a');
    refresher.onReady('a', connection('a'));
    readings[0]?.finish(new TypeError('broken'));
    await clock.advanceAsync(0);
    expect(published).toEqual(['a gone as another']);
  });

  it('takes nothing that is read of a removed one or of a predecessor, and keeps no timer for it', async () => {
    const { refresher, readings, published, clock } = setUp();
    for (const name of ['a', 'b']) refresher.onReady(name, connection(name));
    refresher.onRemoved('a');
    refresher.onReplaced('b');
    for (const { finish } of readings) finish(unreadable('a'));
    await clock.advanceAsync(0);
    refresher.onRemoved('b');
    expect(published).toEqual([]);
    await clock.advanceAsync(10_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets the first list wait for those that are added meanwhile, and not for those that are removed', () => {
    const { refresher } = setUp(['a']);
    refresher.start();
    const settled: string[] = [];
    refresher.onAdded('b');
    refresher.whenSettled(() => settled.push('now'));
    refresher.onRemoved('a');
    expect(settled).toEqual([]);
    refresher.onDown('b');
    expect(settled).toEqual(['now']);
    refresher.stop();
  });

  it('lets nobody wait for those that are added after the start', async () => {
    const { refresher, clock } = setUp();
    refresher.start();
    await clock.advanceAsync(1_000);
    refresher.onAdded('b');
    let isSettled = false;
    refresher.whenSettled(() => (isSettled = true));
    expect(isSettled).toBe(true);
    refresher.stop();
  });

  it('takes nothing out that came back in time', async () => {
    const { refresher, readings, published, clock } = setUp();
    refresher.onDown('a');
    await clock.advanceAsync(20_000);
    refresher.onReady('a', connection('a'));
    readings[0]?.finish();
    await clock.advanceAsync(60_000);
    expect(published).toEqual(['a read']);
  });

  it('holds the first list until every awaited upstream was read or has failed', async () => {
    const { refresher, readings, clock } = setUp(['a', 'b']);
    const settled: string[] = [];
    refresher.start();
    refresher.whenSettled(() => settled.push('first'));
    refresher.onReady('a', connection('a'));
    readings[0]?.finish();
    await clock.advanceAsync(0);
    const afterOne = [...settled];
    refresher.onDown('b');
    refresher.whenSettled(() => settled.push('later'));
    expect(afterOne).toEqual([]);
    expect(settled).toEqual(['first', 'later']);
  });

  it('holds it no longer than the grace', async () => {
    const { refresher, clock } = setUp(['hanging']);
    let isSettled = false;
    refresher.start();
    refresher.whenSettled(() => (isSettled = true));
    await clock.advanceAsync(999);
    const before = isSettled;
    await clock.advanceAsync(1);
    expect(before).toBe(false);
    expect(isSettled).toBe(true);
  });

  it('tells those who wait for all when each has been read or has failed, however long that takes', async () => {
    const { refresher, readings, clock } = setUp(['slow']);
    const settled: string[] = [];
    refresher.start();
    refresher.whenAllSettled(() => settled.push('slow'));
    await clock.advanceAsync(20_000);
    expect(settled).toEqual([]);
    refresher.onDown('slow');
    expect(settled).toEqual(['slow']);
    refresher.onAdded('added');
    refresher.onReplaced('slow');
    refresher.whenAllSettled(() => settled.push('both'));
    const leave = refresher.whenAllSettled(() => settled.push('left'));
    leave();
    refresher.onDown('added');
    expect(settled).toEqual(['slow']);
    refresher.onReady('slow', connection('slow'));
    readings[0]?.finish();
    await clock.advanceAsync(0);
    expect(settled).toEqual(['slow', 'both']);
    refresher.whenAllSettled(() => settled.push('now'));
    expect(settled).toEqual(['slow', 'both', 'now']);
    refresher.stop();
  });

  it('goes on after a reading that failed', async () => {
    const { refresher, readings, published, clock } = setUp(['a']);
    let isSettled = false;
    refresher.whenSettled(() => (isSettled = true));
    refresher.onReady('a', connection('a'));
    readings[0]?.finish(new Error('broken'));
    await clock.advanceAsync(1_000);
    refresher.onListsChanged('a');
    readings[1]?.finish();
    await clock.advanceAsync(0);
    expect(isSettled).toBe(true);
    expect(published).toEqual(['a read']);
  });

  // guard: change/unreadable
  it('asks again for a list that could not be read, less and less often, until it can', async () => {
    const { refresher, readings, clock } = setUp();
    refresher.onReady('a', connection('a'));
    const times: number[] = [];
    for (let reading = 0; reading < 9; reading++) {
      readings[reading]?.finish(reading === 3 ? new Error('broken') : unreadable('a'));
      const begin = clock.monotonicMs();
      await clock.advanceAsync(0);
      while (readings.length === reading + 1) await clock.advanceAsync(1_000);
      times.push((clock.monotonicMs() - begin) / 1_000);
    }
    readings[9]?.finish();
    await clock.advanceAsync(3_600_000);
    expect(times).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    expect(readings).toHaveLength(10);
  });

  it('does not ask again while the upstream is down, nor twice when it announces a change', async () => {
    const { refresher, readings, clock } = setUp();
    refresher.onReady('a', connection('a'));
    readings[0]?.finish(unreadable('a'));
    await clock.advanceAsync(2_000);
    refresher.onListsChanged('a');
    readings[1]?.finish(unreadable('a'));
    await clock.advanceAsync(9_000);
    const afterChange = readings.length;
    refresher.onDown('a');
    await clock.advanceAsync(3_600_000);
    expect(afterChange).toBe(2);
    expect(readings).toHaveLength(2);
  });

  it('logs once what cannot be shown, without the words of the server', async () => {
    const { refresher, readings, warnings, clock } = setUp();
    refresher.onReady('a', connection('a'));
    for (let reading = 0; reading < 3; reading++) {
      readings[reading]?.finish(unreadable('a'));
      await clock.advanceAsync(20_000);
    }
    readings[3]?.finish({
      ...catalogueOf('a'),
      withheld: [{ list: 'tools', key: 'canary', reason: 'name is missing' }],
    });
    await clock.advanceAsync(0);
    expect(warnings).toEqual([
      { upstream: 'a', lists: ['tools'], withheld: 0 },
      { upstream: 'a', lists: [], withheld: 1 },
    ]);
  });

  it('reads and publishes nothing after stop', async () => {
    const { refresher, readings, published, clock } = setUp(['a']);
    let isSettled = false;
    refresher.whenSettled(() => (isSettled = true));
    refresher.onReady('a', connection('a'));
    refresher.stop();
    readings[0]?.finish();
    refresher.onReady('b', connection('b'));
    await clock.advanceAsync(60_000);
    expect(isSettled).toBe(true);
    expect(published).toEqual([]);
    expect(readings).toHaveLength(1);
  });

  describe('when somebody asks', () => {
    const withTtl = (ttlMs: number | undefined): UpstreamCatalogue => ({
      ...catalogueOf('a'),
      tools: { ...emptyList(), ttlMs },
    });

    async function readOnce(ttlMs?: number, configuredMs?: number) {
      const scene = setUp([], configuredMs);
      scene.refresher.onReady('a', connection('a'));
      scene.readings[0]?.finish(withTtl(ttlMs));
      await scene.clock.advanceAsync(0);
      const told: string[] = [];
      return {
        ...scene,
        told,
        ask: (upstream?: string) => scene.refresher.whenFresh(upstream, () => told.push('fresh')),
      };
    }

    // guard: change/age
    it.each([
      [1_000, undefined, 5_000],
      [0, 90_000, 5_000],
      [30_000, 90_000, 30_000],
      [undefined, undefined, 60_000],
      [undefined, 90_000, 90_000],
      [undefined, 1, 5_000],
    ])('reads lists again, kept for %s ms or as configured (%s), that are %i ms old', async (...row) => {
      const [ttlMs, configuredMs, ageMs] = row;
      const { clock, readings, told, ask } = await readOnce(ttlMs, configuredMs);
      await clock.advanceAsync(ageMs - 1);
      ask();
      expect(told).toEqual(['fresh']);
      expect(readings).toHaveLength(1);
      await clock.advanceAsync(1);
      ask('other');
      expect(readings).toHaveLength(1);
      ask('a');
      ask();
      expect(readings).toHaveLength(2);
      expect(told).toHaveLength(2);
      readings[1]?.finish();
      await clock.advanceAsync(0);
      expect(told).toHaveLength(4);
    });

    it('reads nothing while nobody does', async () => {
      const { clock, readings } = await readOnce(1_000);
      await clock.advanceAsync(3_600_000);
      expect(readings).toHaveLength(1);
    });

    // guard: change/fresh-wait
    it('shows what there is when a server takes long to list again', async () => {
      const { clock, told, ask } = await readOnce(1_000);
      await clock.advanceAsync(5_000);
      ask();
      await clock.advanceAsync(999);
      expect(told).toEqual([]);
      await clock.advanceAsync(1);
      expect(told).toEqual(['fresh']);
    });

    it('reads again what is there five seconds after a call has found nobody, once for all calls', async () => {
      const { clock, readings, refresher } = await readOnce();
      for (let call = 0; call < 9; call++) refresher.onUnreachable('a');
      refresher.onUnreachable('unknown');
      await clock.advanceAsync(4_999);
      refresher.onUnreachable('a');
      expect(readings).toHaveLength(1);
      await clock.advanceAsync(1);
      expect(readings).toHaveLength(2);
      readings[1]?.finish();
      await clock.advanceAsync(60_000);
      expect(readings).toHaveLength(2);
      refresher.onUnreachable('a');
      refresher.onDown('a');
      await clock.advanceAsync(60_000);
      expect(readings).toHaveLength(2);
    });

    // guard: change/contradictions
    it('reads again what a failed call contradicts, not sooner than after five seconds', async () => {
      const { clock, readings, refresher } = await readOnce();
      // Later than a list that changes may be read again.
      await clock.advanceAsync(4_999);
      refresher.onContradicted('a');
      await clock.advanceAsync(4_999);
      expect(readings).toHaveLength(1);
      await clock.advanceAsync(1);
      refresher.onContradicted('a');
      refresher.onContradicted('unknown');
      expect(readings).toHaveLength(2);
    });
  });
});
