import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from '../harness/end-everything.ts';
import { rawAnswer } from '../harness/raw-http-upstream.ts';

/** What becomes of a call: an answer, now or later, an HTTP status with headers, or silence. */
export type Mood =
  | 'answer'
  | 'silence'
  | { readonly afterMs: number }
  | { readonly status: number; readonly retryAfter?: string };

/** A modern HTTP server whose calls of tools fare as the test says. */
export interface MoodyUpstream {
  readonly url: string;
  /** Names of the tools that were called, in order. */
  readonly calls: readonly string[];
  /** Calls that were given up. */
  readonly abandoned: number;
  /** Of the next calls to come; then `answer`. */
  readonly moods: Mood[];
}

/** Starts it on a free port; it ends with the test file. */
export async function startMoodyUpstream(): Promise<MoodyUpstream> {
  const calls: string[] = [];
  const moods: Mood[] = [];
  let abandoned = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      // Omni sends JSON-RPC.
      const { method, params } = JSON.parse(body) as { method: string; params?: { name: string } };
      let mood: Mood = 'answer';
      if (method === 'tools/call') {
        calls.push(params?.name ?? '');
        mood = moods.shift() ?? 'answer';
      }
      if (mood === 'silence') return void response.on('close', () => abandoned++);
      if (typeof mood === 'object' && 'status' in mood) {
        const { status, retryAfter } = mood;
        return void response
          .writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
          .end();
      }
      const answer = rawAnswer(body, 'modern');
      if (answer === undefined) return void response.writeHead(202).end();
      const reply = (): void =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      if (mood === 'answer') reply();
      else setTimeout(reply, mood.afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    // A TCP server that listens has an address with a port.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    calls,
    moods,
    get abandoned() {
      return abandoned;
    },
  };
}
