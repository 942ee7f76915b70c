import { describe, expect, it } from '@jest/globals';
import { toolsOf } from '../catalogue.fixture.ts';
import { ListBudget, type ListRoom } from './list-budget.ts';
import type { UpstreamCatalogue } from './upstream-catalogue.ts';

const MAX_BYTES = 8_000;

describe('ListBudget', () => {
  // guard: list/room, list/fair
  it('has room for half of the budget in equal parts, and for the other half where more is needed', async () => {
    const { budget, fill } = open(['a', 'b']);
    // 500 is the part of each list; a quarter of the other half is 1,000.
    expect(await fill('a', 'tools', 5_000)).toBe(1_500);
    expect(await fill('a', 'prompts', 5_000)).toBe(500);
    expect(budget.held).toBe(2_000);
  });

  it('leaves each upstream and each list its part, whatever others take', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const { budget, fill } = open(names);
    for (const name of names)
      for (const kind of ['tools', 'resources', 'templates', 'prompts'] as const)
        expect(await fill(name, kind, 5_000)).toBeGreaterThanOrEqual(125);
    expect(budget.held).toBeLessThanOrEqual(MAX_BYTES);
    expect(budget.held).toBeGreaterThan(MAX_BYTES - 100);
  });

  it('counts what is being read beside what others of the upstream keep, and not beside what it replaces', async () => {
    const { budget, keep } = open(['a', 'b']);
    keep('a', undefined, 1_000);
    const rooms: ListRoom[] = [];
    const readings = [undefined, 'v'].map((variantKey) =>
      budget.read('a', variantKey, (room) => {
        rooms.push(room);
        return Promise.resolve();
      }),
    );
    const [again, variant] = rooms;
    expect(again?.hold('tools', 1_200)).toBe(true);
    expect(variant?.hold('tools', 301)).toBe(false);
    expect(variant?.hold('tools', 300)).toBe(true);
    expect(budget.held).toBe(1_500);
    await Promise.all(readings);
    expect(budget.held).toBe(1_000);
  });

  it('counts nothing for what a variant shares with all clients', () => {
    const { budget, keep } = open(['a']);
    const base = keep('a', undefined, 700);
    keep('a', 'v', 700, base.tools.items);
    expect(budget.held).toBe(700);
    keep('a', 'w', 700);
    expect(budget.held).toBe(1_400);
  });
});

function open(upstreams: readonly string[]) {
  const kept = new Map<string, Map<string | undefined, UpstreamCatalogue>>();
  const budget = new ListBudget({
    maxBytes: MAX_BYTES,
    upstreams: () => upstreams,
    kept: (upstream) => kept.get(upstream) ?? new Map(),
  });
  const store = (upstream: string, variantKey: string | undefined, catalogue: UpstreamCatalogue): void => {
    const own = kept.get(upstream) ?? new Map<string | undefined, UpstreamCatalogue>();
    kept.set(upstream, own.set(variantKey, catalogue));
  };
  return {
    budget,
    keep(
      upstream: string,
      variantKey: string | undefined,
      bytes: number,
      items?: UpstreamCatalogue['tools']['items'],
    ): UpstreamCatalogue {
      const { tools, ...rest } = toolsOf(upstream, ['t']);
      const catalogue = { ...rest, tools: { ...tools, bytes, items: items ?? tools.items } };
      store(upstream, variantKey, catalogue);
      return catalogue;
    },
    /** Reads a list in steps, as far as there is room; what was read is kept. @returns How much that is. */
    fill: (upstream: string, kind: 'tools' | 'resources' | 'templates' | 'prompts', bytes: number) =>
      budget.read(upstream, undefined, (room) => {
        let held = 0;
        while (held < bytes && room.hold(kind, held + 25)) held += 25;
        const before = kept.get(upstream)?.get(undefined) ?? toolsOf(upstream, []);
        store(upstream, undefined, { ...before, [kind]: { ...before[kind], bytes: held } });
        return Promise.resolve(held);
      }),
  };
}
