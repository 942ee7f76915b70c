import { modernRequest } from '../harness/raw-mcp.ts';

export type Era = 'legacy' | 'modern';

/** Calls tools by text, many at a time, and gives the text of each answer. */
export interface RawClient {
  /** @param id - An integer that no other running call of this client has. @param args - JSON. */
  call(id: number, tool: string, args: string): Promise<string>;
}

/** A call of the modern era, with the headers that go along over HTTP. @param args - JSON. */
export function modernCall(id: number, tool: string, args: string): ReturnType<typeof modernRequest> {
  return modernRequest({
    id: String(id),
    method: 'tools/call',
    name: tool,
    params: `"name":"${tool}","arguments":${args}`,
  });
}
