import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { createServer as createSocketServer, type AddressInfo, type Server } from 'node:net';
import { WebSocketServer } from 'ws';
import { atEnd } from '../harness/end-everything.ts';
import { rawAnswer } from '../harness/raw-http-upstream.ts';
import { readLines } from './message-client.ts';
import type { Era } from './tool-call.ts';

/** A server in the test's own process that gives back what it is sent, and keeps it. */
export interface MirrorUpstream {
  /** For `mcpServers`. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** Every message, as it came. */
  readonly bodies: readonly string[];
}

const LINE_BREAK = /\r\n|\r|\n/;

/** A mirror on a socket: one message a line. @param path - Of a Unix socket; TCP without it. */
export async function startSocketMirror(era: Era, path?: string): Promise<MirrorUpstream> {
  const bodies: string[] = [];
  const server = createSocketServer((socket) => {
    socket.on('error', () => {});
    atEnd(() => void socket.destroy());
    readLines(socket, (line) => answer(bodies, line, era, (text) => void socket.write(`${text}\n`)));
  });
  const port = await listen(server, path);
  return { entry: { url: path === undefined ? `tcp://127.0.0.1:${port}` : `unix:${path}` }, bodies };
}

/** A mirror on WebSockets: one message a frame. */
export async function startWebSocketMirror(era: Era): Promise<MirrorUpstream> {
  const bodies: string[] = [];
  const http = createHttpServer();
  const webSockets = new WebSocketServer({ server: http, handleProtocols: () => 'mcp' });
  webSockets.on('connection', (webSocket) => {
    atEnd(() => webSocket.terminate());
    // With the default `binaryType` a message is one Buffer.
    webSocket.on('message', (data) =>
      answer(bodies, (data as Buffer).toString('utf8'), era, (text) => webSocket.send(text)),
    );
  });
  const port = await listen(http);
  return { entry: { url: `ws://127.0.0.1:${port}` }, bodies };
}

/** A mirror on HTTP+SSE: messages come by POST and are answered on the stream. */
export async function startSseMirror(): Promise<MirrorUpstream> {
  const bodies: string[] = [];
  const streams = new Map<string, ServerResponse>();
  const http = createHttpServer((request, response) => {
    if (request.method === 'GET') {
      const id = String(streams.size + 1);
      streams.set(id, response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: /messages?stream=${id}\n\n`);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(202).end();
      const stream = streams.get(
        new URL(request.url ?? '', 'http://localhost').searchParams.get('stream') ?? '',
      );
      answer(bodies, Buffer.concat(chunks).toString('utf8'), 'legacy', (text) => {
        const data = text.split(LINE_BREAK).map((line) => `data: ${line}\n`);
        stream?.write(`event: message\n${data.join('')}\n`);
      });
    });
  });
  atEnd(() => http.closeAllConnections());
  const port = await listen(http);
  return { entry: { type: 'sse', url: `http://127.0.0.1:${port}/sse` }, bodies };
}

function answer(bodies: string[], text: string, era: Era, send: (text: string) => void): void {
  bodies.push(text);
  const answered = rawAnswer(text, era);
  if (answered !== undefined) send(answered);
}

/** @returns The port, 0 for a path. */
async function listen(server: Server, path?: string): Promise<number> {
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  atEnd(() => void server.close());
  // A TCP server that listens has an address with a port.
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}
