import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { jsonOfAnswer, resultOfAnswer } from './answer-check.ts';
import {
  echoRequest,
  FIRST_CALL_ID,
  initializeRequest,
  mcpRequest,
  type HttpRequestParts,
} from './request-text.ts';
import type { Target } from './target.ts';

const CALL_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
const READY_BYTES = 200;

/** An HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends one request on a connection of its own; rejects when there is no answer within ten seconds. */
export function sendOnce(
  target: Pick<Target, 'host' | 'port'>,
  parts: HttpRequestParts & { readonly method?: 'GET' | 'POST' },
): Promise<HttpAnswer> {
  const { host, port } = target;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host,
        port,
        path: parts.path,
        method: parts.method ?? 'POST',
        headers: parts.headers,
        agent: false,
        timeout: CALL_TIMEOUT_MS,
      },
      (incoming) => {
        let body = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (body += chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within ten seconds')));
    outgoing.on('error', reject);
    outgoing.end(parts.body);
  });
}

/**
 * Calls the echo tool once and gives the JSON result. Throws, saying what came instead, when the answer is
 * none.
 */
export async function echoOnce(target: Target, call: { id: number; bytes: number }): Promise<unknown> {
  const session = await openSession(target);
  return resultOf(await sendOnce(target, echoRequest(target, call, session)));
}

/** Lists the tools of a target that speaks MCP. */
export async function listTools(target: Target): Promise<unknown> {
  const session = await openSession(target);
  return resultOf(
    await sendOnce(
      target,
      mcpRequest(target, { id: FIRST_CALL_ID - 2, method: 'tools/list', params: {} }, session),
    ),
  );
}

/** The whole answer to one `tools/list` of a modern target, as it was sent. */
export async function listAnswer(target: Target, id: number): Promise<string> {
  const { status, body } = await sendOnce(
    target,
    mcpRequest(target, { id, method: 'tools/list', params: {} }),
  );
  if (status !== 200) throw new Error(`HTTP ${status}: ${body.slice(0, 200)}`);
  return body;
}

/**
 * Waits until the echo tool answers through a target. Throws what it met last when time is up or the subject
 * is gone.
 */
export async function waitUntilCallable(
  target: Target,
  options: { timeoutMs: number; isGone: () => boolean },
): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    try {
      await echoOnce(target, { id: FIRST_CALL_ID - 3, bytes: READY_BYTES });
      return;
    } catch (error) {
      if (options.isGone() || performance.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
}

async function openSession(target: Target): Promise<string | undefined> {
  if (target.dialect !== 'legacy') return undefined;
  const { headers } = await sendOnce(target, initializeRequest(target, FIRST_CALL_ID - 1));
  const session = headers['mcp-session-id'];
  const id = typeof session === 'string' ? session : undefined;
  await sendOnce(target, mcpRequest(target, { method: 'notifications/initialized', params: {} }, id));
  return id;
}

function resultOf(answer: HttpAnswer): unknown {
  const result = resultOfAnswer(jsonOfAnswer(answer.body));
  if (answer.status !== 200 || result === undefined)
    throw new Error(`HTTP ${answer.status}: ${answer.body.slice(0, 200)}`);
  return result;
}
