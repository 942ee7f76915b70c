import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ReplyLine, ScriptedUpstream } from '../scripted-upstream.ts';

const PUMP = fileURLToPath(new URL('./pump.mjs', import.meta.url));

/** A scripted server that listens. */
export interface RealServer extends AsyncDisposable {
  /** Members of its entry in the configuration. */
  readonly entry: Readonly<Record<string, unknown>>;
}

/** Starts a scripted server on a free port of this machine: HTTP, or what a process is the pump of. */
export async function startRealServer(upstream: ScriptedUpstream): Promise<RealServer> {
  return upstream.plan.transport === 'http' ? startHttp(upstream) : startPumped(upstream);
}

async function startHttp(upstream: ScriptedUpstream): Promise<RealServer> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const line = new HttpLine(response);
      response.on('close', () => {
        if (!line.isOver) upstream.gone(line);
      });
      upstream.receive(body, line);
    });
  });
  return {
    entry: { type: 'http', url: `http://127.0.0.1:${await listen(server)}/mcp` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class HttpLine implements ReplyLine {
  readonly #response: ServerResponse;
  /** Whether it was the server that has ended it. */
  isOver = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  answer(text: string, headers: readonly string[] = []): void {
    this.isOver = true;
    if (this.#response.headersSent) this.#response.end(`data: ${text}\n\n`);
    else this.#response.writeHead(200, ['content-type', 'application/json', ...headers]).end(text);
  }

  tell(text: string): void {
    this.#beginStream();
    this.#response.write(`data: ${text}\n\n`);
  }

  refuse(status: number, headers: readonly string[]): void {
    this.isOver = true;
    this.#response.writeHead(status, [...headers]).end();
  }

  accept(): void {
    this.isOver = true;
    this.#response.writeHead(202).end();
  }

  cut(at: 'request' | 'body' | 'stream', half: string): void {
    this.isOver = true;
    const { socket } = this.#response;
    if (at === 'request') return void socket?.destroy();
    if (at === 'stream') this.#beginStream();
    else this.#response.writeHead(200, ['content-type', 'application/json', 'content-length', '100000']);
    // What was written has to leave first.
    this.#response.write(at === 'stream' ? `data: ${half}` : half, () => socket?.destroy());
  }

  #beginStream(): void {
    if (!this.#response.headersSent) this.#response.writeHead(200, ['content-type', 'text/event-stream']);
  }
}

async function startPumped(upstream: ScriptedUpstream): Promise<RealServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createSocketServer((socket) => {
    const connection = String(++connections);
    const lines = new Set<ReplyLine>();
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      upstream.exited(lines);
    });
    createInterface({ input: socket }).on('line', (text) => {
      const line: ReplyLine = {
        answer: (answer) => {
          lines.delete(line);
          if (socket.writable) socket.write(`${answer}\n`);
        },
        tell: (message) => {
          if (socket.writable) socket.write(`${message}\n`);
        },
        // A process knows no statuses: its plans have none.
        refuse: () => lines.delete(line),
        accept: () => lines.delete(line),
        cut: (_at, half) => {
          lines.delete(line);
          upstream.exited(lines);
          if (socket.writable) socket.end(half);
        },
      };
      lines.add(line);
      upstream.receive(text, line, connection);
    });
  });
  const port = await listen(server);
  return {
    entry: { command: process.execPath, args: [PUMP, String(port)] },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server that listens has an address with a port.
  return (server.address() as AddressInfo).port;
}
