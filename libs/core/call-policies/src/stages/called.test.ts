import { describe, expect, it } from '@jest/globals';
import { internalCall } from '@omni/model';
import { calledOf, isCall, keyOf } from './called.ts';

describe('calledOf', () => {
  it('is what clients ask one tool, prompt or resource for, and nothing else', () => {
    const call = { ...internalCall('tools/call', '', 'add'), isInternal: false };
    expect(calledOf(call)).toEqual({ method: 'tools/call', name: 'add' });
    expect(calledOf({ ...call, isInternal: true })).toBeUndefined();
    expect(calledOf({ ...call, method: 'tasks/get' })).toBeUndefined();
    expect([isCall('prompts/get'), isCall('tasks/result'), isCall('x/vendor')]).toEqual([true, false, false]);
  });
});

describe('keyOf', () => {
  it('is short, however long the address is that a client has made up', () => {
    const keys = ['a', 'b'].map((end) =>
      keyOf({ method: 'resources/read', name: `file:///${'x'.repeat(1_000_000)}${end}` }),
    );
    expect(keys[0]).not.toBe(keys[1]);
    for (const key of keys) expect(key.length).toBeLessThan(50);
    expect(keyOf({ method: 'tools/call', name: 'add' })).toBe('tools/call add');
  });
});
