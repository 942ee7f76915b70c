import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from '../harness/end-everything.ts';
import { rawAnswer } from '../harness/raw-http-upstream.ts';

/** What becomes of a call: an answer, at once, later or when it is let go; an HTTP status; or silence. */
export type Mood =
  | 'answer'
  | 'held'
  | 'silence'
  | { readonly afterMs: number }
  | { readonly status: number; readonly retryAfter?: string };

/** A modern HTTP server whose calls of tools fare as the test says. It says of them that they only read. */
export interface MoodyUpstream {
  readonly url: string;
  /** Names of the tools that were called, in order. */
  readonly calls: readonly string[];
  /** Calls that were given up. */
  readonly abandoned: number;
  /** Of the next calls to come; then `answer`. */
  readonly moods: Mood[];
  /** Answers what is held. */
  letGo(): void;
}

const READS = '"annotations":{"readOnlyHint":true}';

/** Starts it on a free port; it ends with the test file. */
export async function startMoodyUpstream(): Promise<MoodyUpstream> {
  const calls: string[] = [];
  const moods: Mood[] = [];
  const held: (() => void)[] = [];
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
      const answer = rawAnswer(body, 'modern')?.replaceAll('"inputSchema":', `${READS},"inputSchema":`);
      if (answer === undefined) return void response.writeHead(202).end();
      const reply = (): void =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      if (mood === 'held') held.push(reply);
      else if (mood === 'answer') reply();
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
    letGo() {
      for (const reply of held.splice(0)) reply();
    },
    get abandoned() {
      return abandoned;
    },
  };
}
