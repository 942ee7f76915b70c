import { describe, expect, it } from '@jest/globals';
import { readItem, readTool } from './catalogue-item.ts';
import { keptLists, type KeptList, restoredCatalogue } from './kept-catalogue.ts';
import {
  emptyList,
  type CatalogueItem,
  type UpstreamCatalogue,
  type UpstreamList,
} from './upstream-catalogue.ts';

const TOOL = '{"name":"größe","inputSchema":{"type":"object","properties":{"a":{"type":"integer"}}},"x":1.0}';
const RESOURCE = '{"uri":"file:///a","name":"a"}';

function listOf<Item extends CatalogueItem>(
  ...readings: readonly (object & { item?: Item })[]
): UpstreamList<Item> {
  return { ...emptyList(), items: readings.flatMap(({ item }) => (item === undefined ? [] : [item])) };
}

const READ: UpstreamCatalogue = {
  upstream: 'up',
  era: 'modern',
  capabilities: '{"tools":{}}',
  instructions: 'Use it.',
  serverInfo: undefined,
  tools: listOf(readTool(TOOL)),
  resources: listOf(readItem('resources', RESOURCE)),
  templates: emptyList(),
  prompts: emptyList('no answer'),
  withheld: [],
};

function changed(list: KeptList, change: (kept: Record<string, unknown>) => void): KeptList {
  const kept = JSON.parse(new TextDecoder().decode(list.bytes)) as Record<string, unknown>;
  change(kept);
  return { ...list, bytes: new TextEncoder().encode(JSON.stringify(kept)) };
}

describe('a catalogue that is kept', () => {
  it('comes back byte for byte, without the lists that could not be read', () => {
    const kept = keptLists(READ);
    expect(kept.map(({ kind }) => kind)).toEqual(['tools', 'resources', 'templates']);
    const restored = restoredCatalogue('up', kept);
    expect(restored).toMatchObject({
      upstream: 'up',
      era: 'modern',
      capabilities: '{"tools":{}}',
      instructions: 'Use it.',
    });
    expect(restored?.tools.items).toEqual(READ.tools.items);
    expect(restored?.tools.items[0]?.text).toBe(TOOL);
    expect(restored?.resources.items).toEqual(READ.resources.items);
    expect(restored?.prompts.items).toEqual([]);
    expect(restored?.tools.bytes).toBeGreaterThan(TOOL.length);
  });

  it('is checked like what has just been read', () => {
    const [tools] = keptLists(READ);
    const hostile =
      tools && changed(tools, (kept) => (kept['items'] = ['{"name":"\\u0000"}', 'no json', TOOL]));
    expect(restoredCatalogue('up', hostile === undefined ? [] : [hostile])?.tools.items).toEqual(
      READ.tools.items,
    );
  });

  it.each<[string, (kept: Record<string, unknown>) => void]>([
    ['another format', (kept) => (kept['format'] = 2)],
    ['another era', (kept) => (kept['era'] = 'stone')],
    ['items that are no texts', (kept) => (kept['items'] = [{}])],
    ['no capabilities', (kept) => delete kept['capabilities']],
  ])('is not there with %s', (_what, change) => {
    const [tools] = keptLists(READ);
    expect(restoredCatalogue('up', tools === undefined ? [] : [changed(tools, change)])).toBeUndefined();
  });

  it('is not there when its bytes are damaged, or nothing was kept', () => {
    expect(restoredCatalogue('up', [{ kind: 'tools', bytes: Uint8Array.of(0xff, 0xfe) }])).toBeUndefined();
    expect(restoredCatalogue('up', [])).toBeUndefined();
  });
});
