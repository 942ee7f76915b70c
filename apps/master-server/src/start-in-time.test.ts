import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startInTime } from './start-in-time.ts';

type Listener = (readiness: { readonly ready: boolean }) => void;

class Gateway {
  level = 'unknown';
  readonly listeners = new Set<Listener>();
  readonly server = {
    readiness: () => ({
      ready: this.level === 'ok',
      components: [
        { name: 'protocol', critical: true, level: 'ok' },
        { name: 'upstream:db', critical: true, level: this.level },
        { name: 'upstream:spare', critical: false, level: 'error' },
      ],
    }),
    on: (_event: 'statusChanged', listener: Listener) => {
      this.listeners.add(listener);
      return () => void this.listeners.delete(listener);
    },
  };

  become(level: string): void {
    this.level = level;
    for (const listener of this.listeners) listener(this.server.readiness());
  }
}

function begin(gateway: Gateway, startup: { timeoutMs: number; requireCritical: boolean }, startMs = 0) {
  const listening: Gateway[] = [];
  const started = startInTime({
    start: () => new Promise<Gateway>((resolve) => setTimeout(() => resolve(gateway), startMs)),
    phases: { current: 'store' },
    startup,
    onListening: (it) => listening.push(it),
  });
  started.catch(() => {});
  return { started, listening };
}

describe('startInTime', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('waits for no server unless it is told to [S003-ST-12]', async () => {
    const gateway = new Gateway();
    const { started } = begin(gateway, { timeoutMs: 2_000, requireCritical: false });
    await jest.advanceTimersByTimeAsync(0);
    expect(await started).toBe(gateway);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('fails when the start itself takes too long, and names the phase', async () => {
    const { started } = begin(new Gateway(), { timeoutMs: 2_000, requireCritical: false }, 60_000);
    await jest.advanceTimersByTimeAsync(2_000);
    await expect(started).rejects.toMatchObject({
      code: 'OMNI_START_TIMEOUT',
      message: 'Omni did not become ready within 2 s: the phase "store" is not over',
      facts: { exitCode: 6 },
    });
  });

  it('takes as long as it takes with 0', async () => {
    const gateway = new Gateway();
    const { started } = begin(gateway, { timeoutMs: 0, requireCritical: false }, 3_600_000);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(await started).toBe(gateway);
  });

  it('waits for critical servers where that is wanted, and has told before that it listens', async () => {
    const gateway = new Gateway();
    const { started, listening } = begin(gateway, { timeoutMs: 2_000, requireCritical: true });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(listening).toEqual([gateway]);
    gateway.become('error');
    gateway.become('ok');
    expect(await started).toBe(gateway);
    expect(gateway.listeners.size).toBe(0);
  });

  it('names the critical servers that are not ready in time', async () => {
    const { started } = begin(new Gateway(), { timeoutMs: 2_000, requireCritical: true });
    await jest.advanceTimersByTimeAsync(2_000);
    await expect(started).rejects.toThrow('within 2 s: still not ready: upstream:db');
  });
});
