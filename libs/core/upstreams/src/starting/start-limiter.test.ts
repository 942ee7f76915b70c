import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { DEFAULT_START_LIMITS, StartLimiter } from './start-limiter.ts';

class Scene {
  readonly clock = new VirtualClock();
  readonly limiter = new StartLimiter({ ...DEFAULT_START_LIMITS, clock: this.clock });
  readonly started: string[] = [];

  begin(upstream: string, { isCritical = true, isRestart = false } = {}): () => void {
    const start = (): void => void this.started.push(upstream);
    return this.limiter.begin({ upstream, isCritical, isRestart, start });
  }
}

describe('StartLimiter', () => {
  it('starts at most 8 at once and 20 within a second of 60 servers [S000-PROC-01]', () => {
    const { clock, limiter } = new Scene();
    limiter.open();
    const times: number[] = [];
    let running = 0;
    let most = 0;
    for (let server = 0; server < 60; server++) {
      const end = limiter.begin({
        upstream: `s${server}`,
        isCritical: true,
        isRestart: false,
        start() {
          times.push(clock.monotonicMs());
          most = Math.max(most, ++running);
          clock.after(100, () => {
            running--;
            end();
          });
        },
      });
    }
    clock.advance(20_000);
    expect(times).toHaveLength(60);
    expect(most).toBe(8);
    for (const [index, at] of times.entries()) {
      const twentieth = times[index - 20];
      if (twentieth !== undefined) expect(at - twentieth).toBeGreaterThanOrEqual(1_000);
    }
    // No slower than it has to be.
    expect(times.at(-1)).toBeLessThan(3_500);
    expect(clock.pendingTimers).toBe(0);
  });

  it('starts what is critical first, and restarts last', () => {
    const scene = new Scene();
    scene.limiter.open();
    const ends = Array.from({ length: 8 }, (_, index) => scene.begin(`early${index}`));
    scene.begin('restart', { isCritical: false, isRestart: true });
    scene.begin('critical restart', { isRestart: true });
    scene.begin('other', { isCritical: false });
    scene.begin('critical');
    scene.started.length = 0;
    for (const end of ends) end();
    expect(scene.started).toEqual(['critical', 'other', 'critical restart', 'restart']);
  });

  // guard: starting/too-early
  it('starts nothing before it is opened [S000-BOOT-02]', () => {
    const scene = new Scene();
    expect(() => scene.begin('a')).toThrow('before limits and telemetry were there');
    // Negative control: it does once it is.
    scene.limiter.open();
    scene.begin('a');
    expect(scene.started).toEqual(['a']);
  });

  // guard: starting/hold
  it('restarts nothing while Omni stops, and starts what running calls need', () => {
    const scene = new Scene();
    scene.limiter.open();
    scene.limiter.hold();
    scene.begin('restart', { isRestart: true });
    scene.begin('for a call');
    expect(scene.started).toEqual(['for a call']);
  });

  it('lets a server restart within a minute while instances of another one are started all the time', async () => {
    const clock = new VirtualClock();
    const limiter = new StartLimiter({ clock, maxStarting: 8, maxStartsPerSecond: 20 });
    limiter.open();
    let restartedAt: number | undefined;
    // 25 calls a second, each on an instance of its own that lives for 50 ms.
    const storm = (): void => {
      const leave = limiter.begin({
        upstream: 'busy',
        isCritical: true,
        isRestart: false,
        start: () => void clock.after(50, () => leave()),
      });
      clock.after(40, storm);
    };
    storm();
    await clock.advanceAsync(2_000);
    limiter.begin({
      upstream: 'fallen',
      isCritical: true,
      isRestart: true,
      start: () => (restartedAt = clock.monotonicMs()),
    });
    clock.advance(60_000);
    expect(restartedAt).toBeDefined();
  });
});
