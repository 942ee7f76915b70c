import { createHash } from 'node:crypto';
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { atEnd } from '../harness/end-everything.ts';
import { modernRequest } from '../harness/raw-mcp.ts';

/** What a client has read of an answer. */
export interface Read {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: number;
  /** SHA-256 of the body. */
  readonly digest: string;
  /** Whether the answer ended as HTTP wants it; otherwise it was cut. */
  readonly isComplete: boolean;
}

/** A call on a connection of its own, whose answer is read when the test says so. */
export interface LoadCall {
  readonly request: ClientRequest;
  /** Resolves when the head of the answer is there. */
  readonly head: Promise<IncomingMessage>;
  /** Reads the rest as fast as it comes. */
  read(): Promise<Read>;
}

/** The id under which {@link callOnce} calls, as JSON. */
export const CALL_ID = '1';

const keptAlive = new Agent({ keepAlive: true, maxSockets: 64 });
atEnd(() => keptAlive.destroy());

/** Calls a tool on a connection of its own; nothing of the answer is read but its head. */
export function callOnce(url: string, tool: string, args: object, agent: Agent | false = false): LoadCall {
  const made = modernRequest({
    id: CALL_ID,
    method: 'tools/call',
    name: tool,
    params: `"name":"${tool}","arguments":${JSON.stringify(args)}`,
  });
  const sent = request(url, {
    method: 'POST',
    agent,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...made.headers,
    },
  });
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.on('error', () => {});
      resolve(response.pause());
    });
  });
  head.catch(() => {});
  sent.end(made.body);
  return { request: sent, head, read: async () => await readAll(await head) };
}

function readAll(response: IncomingMessage): Promise<Read> {
  const hash = createHash('sha256');
  let bytes = 0;
  return new Promise((resolve) => {
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    response.on('close', () =>
      resolve({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        bytes,
        digest: hash.digest('hex'),
        isComplete: response.complete,
      }),
    );
    response.resume();
  });
}

/** Reads so many bytes of an answer and no more. */
export async function readSome(response: IncomingMessage, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const chunk: unknown = response.read(Math.min(left, Math.max(response.readableLength, 1)));
    if (Buffer.isBuffer(chunk)) left -= chunk.length;
    else if (response.readableEnded) return;
    else await new Promise<void>((resolve) => response.once('readable', resolve));
  }
}

/**
 * Calls a tool so many times, one after the other.
 *
 * @returns Milliseconds of each call, in order of length.
 */
export async function latencies(url: string, tool: string, count: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    const began = performance.now();
    const { status, isComplete } = await callOnce(url, tool, {}, keptAlive).read();
    if (status !== 200 || !isComplete) throw new Error(`answered with ${status}`);
    found.push(performance.now() - began);
  }
  return found.sort((one, other) => one - other);
}

/** @param sorted - Ascending. @param share - E.g. 0.99. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
