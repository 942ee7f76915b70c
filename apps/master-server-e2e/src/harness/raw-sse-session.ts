import { atEnd } from './end-everything.ts';
import { LEGACY } from './raw-mcp.ts';

/** A session on the transport HTTP+SSE (2024-11-05) whose answers nobody reads. */
export interface RawSseSession {
  /** Posts a message. @returns The status. */
  post(body: string, headers?: Readonly<Record<string, string>>): Promise<number>;
}

/** @param url - Of the stream. @param version - That `initialize` asks for. */
export async function openRawSseSession(url: string, version: string = LEGACY): Promise<RawSseSession> {
  const aborted = new AbortController();
  atEnd(() => aborted.abort());
  const stream = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: aborted.signal });
  const reader = stream.body?.getReader();
  let text = '';
  while (!text.includes('\n\n')) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) throw new Error(`the stream of ${url} names no endpoint`);
    text += new TextDecoder().decode(chunk.value);
  }
  const endpoint = new URL(/^data: (.*)$/m.exec(text)?.[1] ?? '', url);
  const post: RawSseSession['post'] = async (body, headers = {}) => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    await response.text();
    return response.status;
  };
  const initialize = `{"protocolVersion":"${version}","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}`;
  await post(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":${initialize}}`);
  return { post };
}
