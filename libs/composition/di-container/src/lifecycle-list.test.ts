import { describe, expect, it } from '@jest/globals';
import { silentLogger, type LogFields } from '@omni/ports';
import { LifecycleList, type LifecyclePart } from './lifecycle-list.ts';

function listOf(parts: readonly LifecyclePart[]) {
  const logged: LogFields[] = [];
  const logger = { ...silentLogger, error: (fields: LogFields) => void logged.push(fields) };
  const holds = { count: 0 };
  const keepAlive = (): (() => void) => {
    holds.count++;
    return () => void holds.count--;
  };
  return { list: new LifecycleList(parts, logger, { keepAlive }), logged, holds };
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
