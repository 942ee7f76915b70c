import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { protect, stopInTime } from './stop-in-time.ts';
import type { StopSignal } from './stop-signals.ts';

function sceneOf({ isStuck = false } = {}) {
  let end = (): void => {};
  let force = (_signal: StopSignal): void => {};
  const scene = { forced: 0, killed: 0, said: '', exitCodes: [] as number[], deadlines: [] as unknown[] };
  const gateway = {
    stop(options?: { readonly deadlineMs?: number }) {
      scene.deadlines.push(options?.deadlineMs);
      return new Promise<void>((resolve) => (end = resolve));
    },
    forceStop: () => void scene.forced++,
    isStuck,
  };
  const host = {
    writeErr: (text: string) => void (scene.said += text),
    exit: (code: number) => void scene.exitCodes.push(code),
    kill: () => void scene.killed++,
  };
  const forceStop = new Promise<StopSignal>((resolve) => (force = resolve));
  const stopped = stopInTime(gateway, { host, signals: { forceStop }, drainMs: 10_000 });
  return Object.assign(scene, { gateway, stopped, end: () => end(), force: () => force('SIGTERM') });
}

describe('stopInTime', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('ends with 0 when everything has ended, and leaves no timer behind', async () => {
    const scene = sceneOf();
    scene.end();
    expect(await scene.stopped).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
    expect(scene).toMatchObject({ forced: 0, said: '', exitCodes: [], deadlines: [undefined] });
  });

  it('ends the process itself when something does not end: one deadline for all', () => {
    const scene = sceneOf();
    jest.advanceTimersByTime(29_999);
    expect(scene.exitCodes).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(scene.exitCodes).toEqual([1]);
    expect(scene.said).toBe('omni: it did not stop within 30 s, and ends at once\n');
  });

  it('kills the process where a thread hangs in the system: nothing else would end it', async () => {
    const late = sceneOf({ isStuck: true });
    jest.advanceTimersByTime(30_000);
    expect(late.killed).toBe(1);
    expect(late.exitCodes).toEqual([]);
    const orderly = sceneOf({ isStuck: true });
    orderly.end();
    await orderly.stopped;
    expect(orderly.killed).toBe(1);
  });

  it('hurries at a second signal, and ends with 1 [S000-SHD-01]', async () => {
    const scene = sceneOf();
    scene.force();
    await Promise.resolve();
    expect(scene.forced).toBe(1);
    scene.end();
    expect(await scene.stopped).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for nothing much after a second signal', async () => {
    const scene = sceneOf();
    scene.force();
    await Promise.resolve();
    jest.advanceTimersByTime(2_500);
    expect(scene.exitCodes).toEqual([1]);
  });

  it('leaves a crash less time', () => {
    const scene = sceneOf();
    const crashes = {
      onRejection: 'crash' as const,
      stop: undefined as (() => Promise<unknown>) | undefined,
    };
    protect(scene.gateway, crashes);
    void crashes.stop?.();
    expect(scene.deadlines).toEqual([undefined, 1_500]);
  });
});
