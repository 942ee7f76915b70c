/** Most links that are taken from one result. */
const MAX_LINKS = 1000;

/**
 * Resources that a tool result points at: they must be readable afterwards, listed or not (MCP 2025-11-25,
 * server/tools, "Resource Links").
 *
 * @param result - A `CallToolResult` as JSON.
 */
export function resourceLinksIn(result: string): readonly string[] {
  // Most results have none: a native search spares them the parsing.
  if (!result.includes('"resource_link"')) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(result);
  } catch {
    return []; // a body that went on unread; its client will say what it thinks of it
  }
  const content = contentOf(parsed);
  const uris = content.flatMap((block) => (isLink(block) ? [block.uri] : []));
  return (
    uris
      // guard: route/connections
      .slice(0, MAX_LINKS)
  );
}

function contentOf(parsed: unknown): readonly unknown[] {
  if (typeof parsed !== 'object' || parsed === null) return [];
  // Bytes that go on untouched are a whole response, everything else is its result.
  const result = 'result' in parsed ? parsed.result : parsed;
  if (typeof result !== 'object' || result === null || !('content' in result)) return [];
  return Array.isArray(result.content) ? result.content : [];
}

function isLink(block: unknown): block is { readonly uri: string } {
  return (
    typeof block === 'object' &&
    block !== null &&
    'type' in block &&
    block.type === 'resource_link' &&
    'uri' in block &&
    typeof block.uri === 'string'
  );
}
