import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { Turnstile, type TurnstileOptions } from './turnstile.ts';

class Scene {
  readonly clock = new VirtualClock();
  readonly turnstile: Turnstile;
  /** Who has come through, and when. */
  readonly came: string[] = [];

  constructor(options: Partial<TurnstileOptions> = {}) {
    this.turnstile = new Turnstile({ maxAtOnce: 2, maxPerSecond: Infinity, clock: this.clock, ...options });
  }

  enter(name: string, rank = 0, key = name): () => void {
    const onTurn = (): void => void this.came.push(`${name} ${this.clock.monotonicMs()}`);
    return this.turnstile.enter({ key, rank, onTurn });
  }

  get names(): string {
    return this.came.map((text) => text.split(' ')[0]).join(' ');
  }
}

describe('Turnstile', () => {
  it('lets through at once where there is room, and the next when one leaves', () => {
    const scene = new Scene();
    const [leaveA] = ['a', 'b', 'c'].map((name) => scene.enter(name));
    expect(scene.names).toBe('a b');
    expect(scene.turnstile.waiting).toBe(1);
    leaveA?.();
    leaveA?.();
    expect(scene.names).toBe('a b c');
    scene.enter('d');
    expect(scene.names).toBe('a b c');
  });

  it('lets no more through within any second than it may', () => {
    const scene = new Scene({ maxAtOnce: 100, maxPerSecond: 3 });
    for (const name of ['a', 'b']) scene.enter(name);
    scene.clock.advance(400);
    for (const name of ['c', 'd', 'e', 'f', 'g']) scene.enter(name);
    scene.clock.advance(10_000);
    expect(scene.came).toEqual(['a 0', 'b 0', 'c 400', 'd 1000', 'e 1000', 'f 1400', 'g 2000']);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('prefers the smallest rank, whenever it came', () => {
    const scene = new Scene({ maxAtOnce: 1 });
    const leave = scene.enter('first', 9);
    const leaves = [scene.enter('c', 2), scene.enter('b', 1), scene.enter('a', 0), scene.enter('b2', 1)];
    leave();
    for (const next of [2, 1, 3, 0]) leaves[next]?.();
    expect(scene.names).toBe('first a b b2 c');
  });

  it('passes nobody over for one who asks again and again', () => {
    const scene = new Scene({ maxAtOnce: 1 });
    const leaves = new Map([['x', scene.enter('x')]]);
    for (const name of ['a1', 'a2', 'a3']) leaves.set(name, scene.enter(name, 0, 'a'));
    leaves.set('b1', scene.enter('b1', 0, 'b'));
    for (const name of ['x', 'a1', 'b1', 'a2', 'a3']) leaves.get(name)?.();
    expect(scene.names).toBe('x a1 b1 a2 a3');
  });

  it('forgets who does not wait any more', () => {
    const scene = new Scene({ maxAtOnce: 1, maxPerSecond: 1 });
    const leave = scene.enter('a');
    const withdraw = scene.enter('b');
    scene.enter('c')();
    withdraw();
    withdraw();
    leave();
    scene.clock.advance(5_000);
    expect(scene.names).toBe('a');
    expect(scene.turnstile.waiting).toBe(0);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('keeps nobody waiting for what hangs', () => {
    const scene = new Scene({ maxAtOnce: 1, maxHoldMs: 3_000 });
    const leave = scene.enter('hangs');
    scene.enter('b');
    scene.clock.advance(2_999);
    expect(scene.names).toBe('hangs');
    scene.clock.advance(1);
    expect(scene.names).toBe('hangs b');
    // It has left before.
    leave();
    scene.enter('c');
    expect(scene.names).toBe('hangs b');
  });

  it('survives a turn that ends in the moment in which it begins', () => {
    const scene = new Scene({ maxAtOnce: 1 });
    const leave = scene.enter('a');
    const leaveB: { leave?: () => void } = {};
    leaveB.leave = scene.turnstile.enter({
      key: 'b',
      rank: 0,
      onTurn() {
        scene.came.push('b');
        leaveB.leave?.();
      },
    });
    scene.enter('c');
    leave();
    expect(scene.names).toBe('a b c');
  });
});
