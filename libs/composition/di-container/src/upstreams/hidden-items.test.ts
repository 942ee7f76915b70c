import { describe, expect, it } from '@jest/globals';
import { type HiddenItem, HiddenItems } from './hidden-items.ts';

describe('HiddenItems', () => {
  it('hide of a server and its replicas what is hidden of each', () => {
    const items = new HiddenItems();
    const told: string[] = [];
    items.follow((upstream) => told.push(upstream));
    const read: HiddenItem = { kind: 'tools', key: 'read' };
    items.set('up', read, true);
    items.set('up', { kind: 'tools', key: 'write' }, true);
    expect(items.ofAll(['up'])).toHaveLength(2);
    expect(items.ofAll(['up', 'up-b'])).toEqual([]);
    items.set('up-b', read, true);
    expect(items.ofAll(['up', 'up-b'])).toEqual([read]);
    items.set('up', read, false);
    expect(items.ofAll(['up', 'up-b'])).toEqual([]);
    expect(items.ofAll([])).toEqual([]);
    expect(told).toEqual(['up', 'up', 'up-b', 'up']);
  });
});
