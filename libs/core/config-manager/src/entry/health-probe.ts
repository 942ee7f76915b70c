import type { UpstreamSpec } from '@omni/ports';
import type { McpServerSettings } from '../schema/mcp-server-schema.ts';
import type { AddressKind } from '../schema/upstream-address.ts';

type HealthSettings = NonNullable<McpServerSettings['health']>;

/** How a server is probed, as its connections take it. */
export function probeOf({
  strategy,
  path,
  tool,
  arguments: args,
  uri,
}: HealthSettings): Pick<UpstreamSpec, 'health'> {
  if (strategy === undefined) return {};
  return {
    health: {
      strategy,
      ...(path !== undefined && { path }),
      ...(tool !== undefined && { tool: { name: tool, arguments: JSON.stringify(args ?? {}) } }),
      ...(uri !== undefined && { uri }),
    },
  };
}

/** What a probe cannot do without, and is not there. */
export function lackOf(
  { strategy, tool, arguments: args, uri }: HealthSettings,
  kind: 'stdio' | AddressKind,
): string | undefined {
  const callsTool = strategy === 'tool' || (strategy === 'comprehensive' && tool !== undefined);
  if (strategy === 'http' && kind !== 'http' && kind !== 'sse') return 'a server with an http "url"';
  if (strategy === 'comprehensive' && tool === undefined && uri === undefined)
    return 'health.tool, health.uri or both';
  if (callsTool && tool === undefined) return 'health.tool, the name of the tool to call';
  if (callsTool && args === undefined)
    return 'health.arguments, what the tool is called with; write {} for nothing';
  if (strategy === 'resource' && uri === undefined) return 'health.uri, the resource to read';
  return undefined;
}
