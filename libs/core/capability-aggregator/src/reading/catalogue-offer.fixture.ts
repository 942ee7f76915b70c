import { readTool } from './catalogue-item.ts';
import { emptyList, type ToolItem, type UpstreamCatalogue, type UpstreamList } from './upstream-catalogue.ts';

/** @param tool - A name, or the whole tool as JSON. */
export function toolItem(tool: string): ToolItem {
  const reading = readTool(
    tool.startsWith('{') ? tool : `{"name":${JSON.stringify(tool)},"inputSchema":{"type":"object"}}`,
  );
  if (!('item' in reading)) throw new TypeError(reading.reason);
  return reading.item;
}

/** What an upstream offers that has these tools and nothing else. */
export function toolsOf(
  upstream: string,
  names: readonly string[],
  more: Partial<UpstreamList> = {},
): UpstreamCatalogue {
  const items = names.map(toolItem);
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
