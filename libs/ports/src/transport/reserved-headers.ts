const RESERVED =
  /^(?:connection|proxy-connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|content-encoding|mcp-session-id|mcp-protocol-version|mcp-method|mcp-name|mcp-param-.*|last-event-id)$/i;

/**
 * Whether a header of requests to servers is set by Omni alone: it frames a message or its connection (RFC
 * 9112), or belongs to a session, a stream or a message of MCP. Every other one may be configured.
 */
export function isReservedHeader(name: string): boolean {
  return RESERVED.test(name);
}
