import { callText, modernPost, requestBytes, type Header } from './request-bytes.ts';
import { refused, type ByteCase, type Expectation } from './row.ts';

/** A call whose headers are other than they should be, or whose body is. */
export function headed(
  name: string,
  headers: readonly Header[],
  expect: Expectation,
  body = callText(),
): ByteCase {
  return { name, bytes: modernPost(body, headers), expect };
}

/** A ping in a session that does not exist. */
export function inSession(name: string, id: string): ByteCase {
  const headers: readonly Header[] = [
    ['Mcp-Session-Id', id],
    ['MCP-Protocol-Version', '2025-11-25'],
    ['Mcp-Method', undefined],
    ['Mcp-Name', undefined],
  ];
  return {
    name,
    bytes: requestBytes({ body: pingText(1), headers }),
    expect: refused('OMNI_SESSION_UNKNOWN'),
  };
}

/** A legacy request that every session answers. */
export function pingText(id: number | string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
}

/** A legacy `tools/call`. @param args - JSON. */
export function legacyCallText(id: number, name: string, args = '{}'): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`;
}
