import { describe, expect, it } from '@jest/globals';
import type { CallToKeep, KeptOutcome } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { coordinatorProgram } from './coordinator.ts';
import { HeldRoleHost } from './held-role-host.fixture.ts';
import { KeptCalls } from './kept-calls.ts';
import type { KeptCallAsk } from './messages.ts';
import { ScriptedDisk } from './scripted-store.fixture.ts';
import { supervisionScene } from './supervision-scene.fixture.ts';

const LIMITS = { maxCalls: 10, maxBytes: 1_000 };
const END: KeptOutcome = { outcome: '{}', payload: Uint8Array.of(1, 2) };

function call(id: string): CallToKeep {
  return { id, principal: 'ada', digest: 'd', operation: `o${id}`, begunAt: 0, keptUntil: 1_000 };
}

function scene(disk = new ScriptedDisk()) {
  const clock = new VirtualClock();
  const host = new HeldRoleHost(coordinatorProgram({ clock, random: () => 0.5, openStore: disk.open }));
  const { supervision } = supervisionScene(host, clock, { store: 'disk' });
  const pass = async (ms = 0): Promise<void> => {
    for (let left = ms; left >= 0; left -= 100) {
      for (let turn = 0; turn < 6; turn++) {
        host.deliverAll();
        await clock.advanceAsync(0);
      }
      if (left > 0) await clock.advanceAsync(Math.min(100, left));
    }
  };
  return { disk, host, supervision, calls: supervision.keptCalls, pass };
}

/** How it ended, as soon as it has. */
function watched<T>(promise: Promise<T>): { value?: T; code?: string } {
  const seen: { value?: T; code?: string } = {};
  promise.then(
    (value) => (seen.value = value),
    ({ code }: { readonly code: string }) => (seen.code = code),
  );
  return seen;
}

describe('a call that must not be made twice', () => {
  it('is remembered by the store of the coordinator, with its outcome', async () => {
    const { disk, supervision, calls, pass } = scene();
    void supervision.start();
    await pass(100);
    const begun = watched(calls.begin(call('1'), LIMITS));
    await pass();
    expect(begun.value).toEqual({ kind: 'begun' });
    const ended = watched(calls.end('1', END, LIMITS));
    await pass();
    expect(ended.value).toBe(true);
    const again = watched(calls.begin(call('1'), LIMITS));
    await pass();
    expect(again.value).toMatchObject({ kind: 'known', operation: 'o1', end: END });
    const found = watched(calls.find('1', 0));
    const none = watched(calls.find('2', 0));
    await pass();
    expect(found.value).toMatchObject({ operation: 'o1', begunAt: 0, keptUntil: 1_000, end: END });
    expect(none).toEqual({ value: undefined });
    const forgotten = watched(calls.forget('1'));
    await pass();
    expect(forgotten).toHaveProperty('value');
    expect(disk.calls.size).toBe(0);
  });

  it('is refused where there is no store, and while there is none yet', async () => {
    const none = new KeptCalls({ hasStore: false, send: () => {} });
    await expect(none.begin(call('1'), LIMITS)).rejects.toMatchObject({
      code: 'OMNI_IDEMPOTENCY_UNAVAILABLE',
    });
    const { calls } = scene();
    await expect(calls.begin(call('1'), LIMITS)).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
  });

  it('cannot be asked for while there is no store, or when it goes away', async () => {
    const { host, supervision, calls, pass } = scene();
    const early = watched(calls.find('1', 0));
    await pass();
    expect(early.code).toBe('OMNI_STORE_UNAVAILABLE');
    void supervision.start();
    await pass(100);
    const asked = watched(calls.find('1', 0));
    host.roles.at(-1)?.exit();
    await pass();
    expect(asked.code).toBe('OMNI_STORE_UNAVAILABLE');
  });

  it('is refused while the store cannot be written', async () => {
    const { disk, supervision, calls, pass } = scene();
    void supervision.start();
    await pass(100);
    disk.mode = 'fails';
    const begun = watched(calls.begin(call('1'), LIMITS));
    await pass();
    expect(begun.code).toBe('OMNI_STORE_UNAVAILABLE');
  });

  it('is refused when the coordinator dies before it was remembered', async () => {
    const { host, supervision, calls, pass } = scene();
    void supervision.start();
    await pass(100);
    const begun = watched(calls.begin(call('1'), LIMITS));
    host.roles.at(-1)?.exit();
    await pass(0);
    expect(begun.code).toBe('OMNI_STORE_UNAVAILABLE');
  });

  it('keeps its outcome for the next coordinator, and for a store that works again', async () => {
    const { disk, host, supervision, calls, pass } = scene();
    void supervision.start();
    await pass(100);
    void calls.begin(call('1'), LIMITS);
    void calls.begin(call('2'), LIMITS);
    await pass();
    const first = watched(calls.end('1', END, LIMITS));
    host.roles.at(-1)?.exit();
    await pass(10_000);
    expect(first.value).toBe(true);

    disk.mode = 'fails';
    const second = watched(calls.end('2', END, LIMITS));
    await pass();
    expect(second).toEqual({});
    disk.mode = 'works';
    const other = watched(calls.begin(call('3'), LIMITS));
    await pass();
    expect(other.value).toEqual({ kind: 'begun' });
    expect(second.value).toBe(true);
    expect(disk.calls.get('2')?.end).toEqual(END);
  });

  // guard: coordinator/kept-calls
  it('gives up outcomes that nobody can store when there are too many', async () => {
    const calls = new KeptCalls({ hasStore: true, send: () => {} });
    const waiting = Array.from({ length: 1_001 }, (_, id) => watched(calls.end(String(id), END, LIMITS)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting.filter(({ code }) => code === 'OMNI_STORE_UNAVAILABLE')).toHaveLength(1);
    const large = new KeptCalls({ hasStore: true, send: () => {} });
    const end = { outcome: '{}', payload: new Uint8Array(40_000_000) };
    const two = [watched(large.end('1', end, LIMITS)), watched(large.end('2', end, LIMITS))];
    await new Promise((resolve) => setImmediate(resolve));
    expect(two.map(({ code }) => code)).toEqual([undefined, 'OMNI_STORE_UNAVAILABLE']);
  });

  it('is waited for when Omni stops', async () => {
    const sent: (readonly [number, KeptCallAsk])[] = [];
    const calls = new KeptCalls({ hasStore: true, send: (...ask) => sent.push(ask) });
    calls.opened();
    void calls.end('1', END, LIMITS);
    const stored = watched(calls.whenStored());
    await new Promise((resolve) => setImmediate(resolve));
    expect(stored).toEqual({});
    calls.answered(1, { kind: 'kept', isKept: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(stored).toHaveProperty('value');
    await calls.whenStored();
  });

  // guard: coordinator/pruned-calls
  it('is forgotten with everything that is too old', async () => {
    const { disk, supervision, pass } = scene();
    void supervision.start();
    await pass(31_000);
    expect(disk.prunedCalls).toHaveLength(1);
    expect(disk.pruned).toHaveLength(1);
  });
});
