import { Agent, get, request, type IncomingMessage } from 'node:http';
import { connect, type NetConnectOpts } from 'node:net';
import type { Readable } from 'node:stream';
import { WebSocket } from 'ws';
import { atEnd } from '../harness/end-everything.ts';
import { legacyCall } from '../harness/raw-mcp.ts';
import { modernCall, type Era, type RawClient } from './tool-call.ts';

/** A connection on which messages go both ways. */
export interface Messages {
  send(text: string): void;
  /** Set once, before anything is sent. */
  onMessage: (text: string) => void;
}

/**
 * Calls tools on a connection of messages, in a session where the era has one. Answers without an id go to
 * the oldest call that runs.
 */
export async function clientOn(messages: Messages, era: Era): Promise<RawClient> {
  const waiting = new Map<number, (text: string) => void>();
  messages.onMessage = (text) => {
    // Notifications are nobody's answer.
    if (text.startsWith('{"jsonrpc":"2.0","method"')) return;
    const id = Number(/"id":(\d+)/.exec(text)?.[1] ?? waiting.keys().next().value);
    waiting.get(id)?.(text);
    waiting.delete(id);
  };
  const ask = (id: number, body: string): Promise<string> =>
    new Promise((resolve) => {
      waiting.set(id, resolve);
      messages.send(body);
    });
  if (era === 'legacy') {
    const hello =
      '"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}';
    await ask(0, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{${hello}}}`);
    messages.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  }
  return {
    call: (id, tool, args) =>
      ask(id, era === 'legacy' ? legacyCall(String(id), tool, args) : modernCall(id, tool, args).body),
  };
}

/** Calls back with each line. Node's readline would also split at U+2028, which may stand in a string. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  readParts(stream, '\n', onLine);
}

/** A client on a socket; one message a line. */
export async function openSocketClient(address: NetConnectOpts, era: Era): Promise<RawClient> {
  const socket = connect(address);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  atEnd(() => void socket.destroy());
  const messages: Messages = { send: (text) => void socket.write(`${text}\n`), onMessage() {} };
  readLines(socket, (line) => messages.onMessage(line));
  return await clientOn(messages, era);
}

/** A client on a WebSocket; one message a frame. */
export async function openWebSocketClient(url: string, era: Era): Promise<RawClient> {
  const webSocket = new WebSocket(url, ['mcp']);
  atEnd(() => webSocket.terminate());
  await new Promise<void>((resolve, reject) => webSocket.once('open', resolve).once('error', reject));
  const messages: Messages = { send: (text) => webSocket.send(text), onMessage() {} };
  // With the default `binaryType` a message is one Buffer.
  webSocket.on('message', (data) => messages.onMessage((data as Buffer).toString('utf8')));
  return await clientOn(messages, era);
}

/** A client on HTTP+SSE: messages go by POST and come on one stream. */
export async function openSseClient(url: string, connections: number): Promise<RawClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const opening = get(url, { headers: { accept: 'text/event-stream' } });
  atEnd(() => {
    opening.destroy();
    agent.destroy();
  });
  opening.on('error', () => {});
  const stream = await new Promise<IncomingMessage>((resolve) => opening.once('response', resolve));
  stream.on('error', () => {});
  let onEndpoint: (path: string) => void = () => {};
  const endpoint = new Promise<string>((resolve) => (onEndpoint = resolve));
  const messages: Messages = { send: () => {}, onMessage() {} };
  readEvents(stream, (event, data) => (event === 'endpoint' ? onEndpoint(data) : messages.onMessage(data)));
  const target = new URL(await endpoint, url);
  messages.send = (text) => {
    const body = Buffer.from(text, 'utf8');
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const outgoing = request(target, { method: 'POST', agent, headers }, (response) => {
      // What is refused at once is not answered on the stream.
      let refusal = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (refusal += chunk));
      response.on('end', () => (response.statusCode === 202 ? undefined : messages.onMessage(refusal)));
    });
    outgoing.on('error', () => {});
    outgoing.end(body);
  };
  return await clientOn(messages, 'legacy');
}

/** Calls back with the type and the data of each event. */
function readEvents(stream: Readable, onEvent: (event: string | undefined, data: string) => void): void {
  readParts(stream, '\n\n', (block) => {
    const lines = block.split('\n');
    const event = lines.find((line) => line.startsWith('event:'))?.slice('event:'.length);
    const data = lines
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice('data:'.length).replace(/^ /, ''));
    if (data.length > 0) onEvent(event?.trim(), data.join('\n'));
  });
}

function readParts(stream: Readable, separator: string, onPart: (part: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split(separator);
    rest = parts.pop() ?? '';
    parts.forEach(onPart);
  });
}
