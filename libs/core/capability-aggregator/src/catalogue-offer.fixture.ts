import { readTool } from './catalogue-item.ts';
import { emptyList, type UpstreamCatalogue, type UpstreamList } from './upstream-catalogue.ts';

/** What an upstream offers that has these tools and nothing else. */
export function toolsOf(upstream: string, names: readonly string[], more: Partial<UpstreamList> = {}): UpstreamCatalogue {
  const items = names.map((name) => {
    const reading = readTool(`{"name":${JSON.stringify(name)},"inputSchema":{"type":"object"}}`);
    if (!('item' in reading)) throw new TypeError(reading.reason);
    return reading.item;
  });
  return {
    upstream,
    era: 'legacy',
    capabilities: '{"tools":{}}',
    instructions: undefined,
    serverInfo: undefined,
    tools: { ...emptyList(), ...more, items },
    resources: emptyList(),
    templates: emptyList(),
    prompts: emptyList(),
    withheld: [],
  };
}
