import { describe, expect, it } from '@jest/globals';
import { SimulatedTime } from './simulated-time.ts';

describe('SimulatedTime', () => {
  it('runs timers in their order, those of one time as they were set, with what promises lead to between', async () => {
    const time = new SimulatedTime();
    const log: string[] = [];
    time.after(20, () => log.push(`c ${time.nowMs}`));
    time.after(10, () => {
      log.push(`a ${time.nowMs}`);
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => log.push('promised'));
    });
    time.after(10, () => log.push(`b ${time.nowMs}`));
    await time.run(30);
    expect(log).toEqual(['a 10', 'promised', 'b 10', 'c 20']);
    expect(time.nowMs).toBe(30);
  });

  it('counts the timers of the gateway until they have fired or are undone', async () => {
    const time = new SimulatedTime();
    const undo = time.gatewayClock.after(5, () => {});
    time.gatewayClock.after(6, () => {});
    expect(time.gatewayTimers).toBe(2);
    undo();
    undo();
    await time.run(10);
    expect(time.gatewayTimers).toBe(0);
  });

  it('keeps the order of very many timers, most of which are undone', async () => {
    const time = new SimulatedTime();
    const fired: number[] = [];
    for (let index = 0; index < 10_000; index++) {
      const dueMs = (index * 7_919) % 10_007;
      const undo = time.after(dueMs, () => fired.push(dueMs));
      if (index % 4 !== 0) undo();
    }
    await time.run(20_000);
    expect(fired).toHaveLength(2_500);
    expect(fired).toEqual(fired.toSorted((a, b) => a - b));
  });

  it('tells when so much happens at one time that it has no end', async () => {
    const told: number[] = [];
    const time = new SimulatedTime((events) => {
      told.push(events);
      time.end();
    });
    const again = (): void => void time.after(0, again);
    again();
    void time.run(1);
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([50_000]);
    expect(time.nowMs).toBe(0);
  });

  it('is late with what was due while the process stood still', async () => {
    const time = new SimulatedTime();
    const at: number[] = [];
    time.after(5, () => time.freeze(100));
    time.after(6, () => at.push(time.nowMs));
    await time.run(7);
    expect(at).toEqual([105]);
  });
});
