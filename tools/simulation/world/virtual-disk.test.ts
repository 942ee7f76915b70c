import { describe, expect, it } from '@jest/globals';
import { stateStoreContract } from '@omni/testing/contracts';
import { Choices } from '../engine/choices.ts';
import { VirtualDisk } from './virtual-disk.ts';

const diskOf = (): VirtualDisk =>
  new VirtualDisk({ choices: new Choices(1, 'disk'), work: () => Promise.resolve() });

describe('the store on a virtual disk', () => {
  stateStoreContract(it, async () => {
    const disk = diskOf();
    return { store: await disk.open(), openNext: disk.open };
  });
});

describe('VirtualDisk', () => {
  it('takes nothing while it is full, and may keep what fails', async () => {
    const disk = diskOf();
    const store = await disk.open();
    disk.isFull = true;
    await expect(store.write({ key: '1', at: 1 })).rejects.toMatchObject({ code: 'OMNI_STORE_FULL' });
    disk.isFull = false;
    disk.failsEach = 1;
    const outcomes = new Set<boolean>();
    for (let key = 0; key < 20; key++) {
      await expect(store.write({ key: `f${key}`, at: 1 })).rejects.toMatchObject({
        code: 'OMNI_STORE_UNAVAILABLE',
      });
      outcomes.add(disk.content.keys.has(`f${key}`));
    }
    expect(outcomes).toEqual(new Set([true, false]));
  });

  it('has what was confirmed when the power is cut, and what was under way or not', async () => {
    let finish = (): void => {};
    const disk = new VirtualDisk({
      choices: new Choices(1, 'disk'),
      work: () => new Promise((resolve) => (finish = resolve)),
    });
    const store = await disk.open();
    const confirmed = store.write({ key: 'confirmed', at: 1 });
    await Promise.resolve();
    finish();
    await confirmed;
    void store.write({ key: 'under way', at: 1 });
    await Promise.resolve();
    const found = Array.from({ length: 20 }, () => [...disk.cut().content.keys.keys()]);
    expect(found.every(([first]) => first === 'confirmed')).toBe(true);
    expect(new Set(found.map(({ length }) => length))).toEqual(new Set([1, 2]));
  });

  it('lets only the last who opened it write', async () => {
    const disk = diskOf();
    const first = await disk.open();
    const late = first.write({ key: '1', at: 1 });
    await disk.open();
    await expect(late).rejects.toMatchObject({ code: 'OMNI_STORE_FENCED' });
  });
});
