import { connect, type Socket } from 'node:net';

/** One answer as it came over the socket. */
export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name; of several headers of one name the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What a socket saw. */
export interface Observation {
  readonly answers: readonly HttpAnswer[];
  /** Whether the other side ended the connection. */
  readonly isClosed: boolean;
  /** Until the first whole answer, the end of the connection, or until nobody waited any more. */
  readonly tookMs: number;
}

export interface SendOptions {
  readonly port: number;
  readonly bytes: Buffer;
  /** Answers to wait for. Default 1. */
  readonly answers?: number;
  /** Waits for the end of the connection, too. */
  readonly untilClosed?: boolean;
  readonly withinMs: number;
  /** The request was HEAD: its answer has no body. */
  readonly isHead?: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');
/** How long a server may take to close after its last answer. */
const CLOSE_MS = 2_000;

/** Finds whole answers in what a server sent. */
export class AnswerReader {
  readonly answers: HttpAnswer[] = [];
  readonly #isHead: boolean;
  #chunks: Buffer[] = [];
  #length = 0;
  /** No answer is whole before so many bytes are there. */
  #needed = 0;

  constructor(isHead = false) {
    this.#isHead = isHead;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length > 0 && this.#length >= this.#needed && this.#readOne());
  }

  #readOne(): boolean {
    const bytes =
      this.#chunks.length === 1 && this.#chunks[0] !== undefined
        ? this.#chunks[0]
        : Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return false;
    const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
    const headers = new Map(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const status = Number(statusLine.split(' ')[1]);
    const start = headEnd + HEAD_END.length;
    const body =
      this.#isHead || status < 200 || status === 204
        ? { end: start, body: Buffer.alloc(0) }
        : this.#body(bytes, start, headers);
    if (body === undefined) return false;
    if (status >= 200) this.answers.push({ status, headers, body: body.body });
    this.#chunks = [bytes.subarray(body.end)];
    this.#length -= body.end;
    this.#needed = 0;
    return true;
  }

  #body(
    bytes: Buffer,
    start: number,
    headers: ReadonlyMap<string, string>,
  ): { end: number; body: Buffer } | undefined {
    if (headers.get('transfer-encoding') === 'chunked') return this.#chunked(bytes, start);
    const end = start + Number(headers.get('content-length') ?? 0);
    this.#needed = end;
    return bytes.length < end ? undefined : { end, body: bytes.subarray(start, end) };
  }

  #chunked(bytes: Buffer, start: number): { end: number; body: Buffer } | undefined {
    const parts: Buffer[] = [];
    for (let at = start; ;) {
      const lineEnd = bytes.indexOf('\r\n', at);
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
      const dataEnd = lineEnd + 2 + size;
      if (bytes.length < dataEnd + 2) return undefined;
      if (size === 0) return { end: dataEnd + 2, body: Buffer.concat(parts) };
      parts.push(bytes.subarray(lineEnd + 2, dataEnd));
      at = dataEnd + 2;
    }
  }
}

/**
 * Sends bytes exactly as they are and watches what comes back. Never rejects: a socket that breaks is an
 * observation.
 */
export function send({
  port,
  bytes,
  answers = 1,
  untilClosed = false,
  withinMs,
  isHead = false,
}: SendOptions): Promise<Observation> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const reader = new AnswerReader(isHead);
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let answeredAt: number | undefined;
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answers: reader.answers, isClosed, tookMs: (answeredAt ?? performance.now()) - startedAt });
    };
    let timer = setTimeout(() => finish(false), withinMs);
    socket.on('error', () => {});
    socket.on('close', () => finish(true));
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      if (reader.answers.length < answers || answeredAt !== undefined) return;
      answeredAt = performance.now();
      if (!untilClosed) return finish(false);
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), Math.min(CLOSE_MS, withinMs));
    });
    socket.write(bytes);
  });
}

/** Opens a socket and waits until it is connected. What it receives is dropped until somebody listens. */
export function openSocket(port: number, options: { readonly isPaused?: boolean } = {}): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      if (options.isPaused !== true) socket.resume();
      resolve(socket);
    });
  });
}
