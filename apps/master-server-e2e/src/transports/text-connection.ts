import { connect, type NetConnectOpts } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { atEnd } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';

/** A client's persistent connection, message for message. */
export interface TextConnection {
  /** Everything that came, in order. */
  readonly received: readonly string[];
  /** Close code of a WebSocket; 0 for any other end. */
  readonly closed: Promise<number>;
  onMessage: (text: string) => void;
  send(text: string): void;
  close(): void;
}

export interface WebSocketConnectOptions {
  /** Default `mcp`. */
  readonly protocols?: string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** The one certificate that is trusted. */
  readonly ca?: Buffer;
}

/** Connects a socket; one message a line. It is closed when the test file ends. */
export async function connectSocket(address: NetConnectOpts): Promise<TextConnection> {
  const socket = connect(address);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  atEnd(() => void socket.destroy());
  const received: string[] = [];
  const closed = new Promise<number>((resolve) => socket.once('close', () => resolve(0)));
  const connection: TextConnection = {
    received,
    closed,
    onMessage() {},
    send: (text) => void socket.write(`${text}\n`),
    close: () => void socket.end(),
  };
  createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
    received.push(line);
    connection.onMessage(line);
  });
  return connection;
}

/** What an upgrade was refused with. */
export class UpgradeRefused extends Error {
  readonly status: number;
  readonly body: string;
  readonly challenge: string | undefined;

  constructor(status: number, body: string, challenge: string | undefined) {
    super(`the upgrade was answered with ${status}`);
    this.status = status;
    this.body = body;
    this.challenge = challenge;
  }
}

/** Opens a WebSocket. @throws {@link UpgradeRefused} */
export async function connectWebSocket(
  url: string,
  { protocols = ['mcp'], headers = {}, ca }: WebSocketConnectOptions = {},
): Promise<TextConnection> {
  const webSocket = new WebSocket(url, protocols, {
    headers: { ...headers },
    ...(ca === undefined ? {} : { ca }),
  });
  atEnd(() => webSocket.terminate());
  await new Promise<void>((resolve, reject) => {
    webSocket.once('open', resolve);
    webSocket.once('error', reject);
    webSocket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        reject(new UpgradeRefused(response.statusCode ?? 0, body, response.headers['www-authenticate'])),
      );
    });
  });
  webSocket.on('error', () => {});
  const received: string[] = [];
  const closed = new Promise<number>((resolve) => webSocket.once('close', resolve));
  const connection: TextConnection = {
    received,
    closed,
    onMessage() {},
    send: (text) => webSocket.send(text),
    close: () => webSocket.close(),
  };
  webSocket.on('message', (data, isBinary) => {
    if (isBinary) throw new Error('a binary message came');
    // With the default `binaryType` a message is one Buffer.
    const text = (data as Buffer).toString('utf8');
    received.push(text);
    connection.onMessage(text);
  });
  return connection;
}

/** Sends a request and waits for the answer with this id, as text. @param id - As JSON. */
export async function ask(connection: TextConnection, id: string, text: string): Promise<string> {
  connection.send(text);
  return await eventually(`the answer to ${id}`, () =>
    connection.received.find((message) => message.includes(`"id":${id},`)),
  );
}
