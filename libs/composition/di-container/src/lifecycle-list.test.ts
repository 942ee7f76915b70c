import { describe, expect, it } from '@jest/globals';
import { silentLogger, type LogFields } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { LifecycleList, type LifecyclePart } from './lifecycle-list.ts';
import { PhaseLog } from './phase-log.ts';

function listOf(parts: readonly LifecyclePart[]) {
  const logged: LogFields[] = [];
  const phased: string[] = [];
  const logger = {
    ...silentLogger,
    error: (fields: LogFields) => void logged.push(fields),
    info: (fields: LogFields, text: string) =>
      void phased.push(`${text}: ${Object.keys(fields['phases'] ?? {}).join()}`),
  };
  const clock = new VirtualClock();
  const holds = { count: 0 };
  const keepAlive = (): (() => void) => {
    holds.count++;
    return () => void holds.count--;
  };
  const phases = new PhaseLog('start', clock, logger);
  const options = { logger, clock: { keepAlive, monotonicMs: () => clock.monotonicMs() }, phases };
  return { list: new LifecycleList(parts, options), logged, holds, phased, clock };
}

describe('LifecycleList', () => {
  it('starts in order and stops in the reverse order, one after the other', async () => {
    const told: string[] = [];
    const part = (name: string): LifecyclePart => ({
      name,
      async start() {
        await Promise.resolve();
        told.push(`start ${name}`);
      },
      async stop(deadlineMs) {
        await Promise.resolve();
        told.push(`stop ${name} ${deadlineMs}`);
      },
    });
    const { list } = listOf([part('a'), { name: 'b' }, part('c')]);
    await list.start();
    await list.stop(7);
    expect(told).toEqual(['start a', 'start c', 'stop c 7', 'stop a 7']);
  });

  it('tells the phases of the start and of the stop, in their order [S000-BOOT-01] [S004-SD-03]', async () => {
    const part = (name: string): LifecyclePart => ({ name, start() {}, stop() {} });
    const { list, phased } = listOf([part('a'), { name: 'b', stop() {} }, part('c')]);
    await list.start();
    expect(phased).toEqual(['Omni has started: a,c']);
    await list.stop(7);
    expect(phased).toEqual(['Omni has started: a,c', 'Omni has stopped: c,b,a']);
  });

  it('gives each part what is left for running requests', async () => {
    const told: number[] = [];
    const { list, clock } = listOf([
      { name: 'last', stop: (leftMs) => void told.push(leftMs) },
      { name: 'second', stop: (leftMs) => (told.push(leftMs), clock.advance(2_000)) },
      { name: 'first', stop: (leftMs) => (told.push(leftMs), clock.advance(4_000)) },
    ]);
    await list.stop(5_000);
    expect(told).toEqual([5_000, 1_000, 0]);
  });

  it('aborts what goes on by itself when the stop begins, all at once [S004-SD-01]', async () => {
    const told: string[] = [];
    const part = (name: string): LifecyclePart => ({
      name,
      start: (signal) => signal.addEventListener('abort', () => told.push(`abort ${name}`)),
      stop: () => void told.push(`stop ${name}`),
    });
    const { list } = listOf([part('a'), part('b')]);
    await list.start();
    expect(told).toEqual([]);
    await list.stop(0);
    expect(told).toEqual(['abort a', 'abort b', 'stop b', 'stop a']);
  });

  it('stops all, even if some throw, and then fails with what they threw [S003-DI-04]', async () => {
    const told: string[] = [];
    const { list, logged } = listOf([
      { name: 'first', stop: () => void told.push('first') },
      { name: 'rejects', stop: () => Promise.reject(new RangeError('later')) },
      {
        name: 'throws',
        stop() {
          throw new TypeError('sooner');
        },
      },
    ]);
    const failure: unknown = await list.stop(0).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    expect(failure).toMatchObject({ errors: [{ message: 'sooner' }, { message: 'later' }] });
    expect(told).toEqual(['first']);
    expect(logged.map(({ part }) => part)).toEqual(['throws', 'rejects']);
  });

  it('stops once, however often it is told to', async () => {
    let count = 0;
    const { list } = listOf([{ name: 'a', stop: () => void count++ }]);
    await Promise.all([list.stop(0), list.stop(0)]);
    expect(count).toBe(1);
  });

  it('starts nothing more when it is stopped meanwhile, nor afterwards', async () => {
    const told: string[] = [];
    const { list } = listOf([
      { name: 'a', start: () => Promise.resolve() },
      { name: 'b', start: () => void told.push('b') },
    ]);
    const started = list.start();
    await list.stop(0);
    await started;
    await list.start();
    expect(told).toEqual([]);
  });

  // guard: lifecycle/late-start
  it('lets go of what a part holds whose start ends after its stop', async () => {
    let end = (): void => {};
    let isHeld = false;
    const start = (): Promise<void> =>
      new Promise((resolve) => {
        end = () => {
          isHeld = true;
          resolve();
        };
      });
    const { list } = listOf([{ name: 'listeners', start, stop: () => void (isHeld = false) }]);
    const started = list.start();
    await list.stop(0);
    end();
    expect(isHeld).toBe(true);
    await started;
    expect(isHeld).toBe(false);
  });

  it('keeps the process alive from its start until all has stopped, whatever fails', async () => {
    const { list, holds } = listOf([{ name: 'a', stop: () => Promise.reject(new RangeError('late')) }]);
    expect(holds.count).toBe(0);
    await list.start();
    expect(holds.count).toBe(1);
    const stopped = list.stop(0);
    expect(holds.count).toBe(1);
    await expect(stopped).rejects.toBeInstanceOf(AggregateError);
    expect(holds.count).toBe(0);
    await list.start();
    expect(holds.count).toBe(0);
  });

  it('keeps the process alive while it stops, also when it was never started', async () => {
    let end: () => void = () => {};
    const isOver = new Promise<void>((resolve) => (end = resolve));
    const { list, holds } = listOf([{ name: 'a', stop: () => isOver }]);
    const stopped = list.stop(0);
    expect(holds.count).toBe(1);
    end();
    await stopped;
    expect(holds.count).toBe(0);
  });
});
