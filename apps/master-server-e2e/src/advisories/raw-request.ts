import { request } from 'node:http';

export interface RawRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Written one after the other; an endless body has many. */
  readonly chunks: readonly (string | Buffer)[];
}

export interface RawResponse {
  /**
   * 0 when the connection was cut while the body was being written: an answer that came before is lost then.
   */
  readonly status: number;
  readonly body: string;
  /** Bytes of the body that were written until the answer came. */
  readonly written: number;
}

/** Sends a POST whose headers `fetch` would not allow, and stops writing when the answer comes. */
export function sendRaw(url: string, { headers, chunks }: RawRequest): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    let written = 0;
    const outgoing = request(
      url,
      { method: 'POST', agent: false, headers: { ...MCP_HEADERS, ...headers } },
      (incoming) => {
        isAnswered = true;
        let body = '';
        incoming.setEncoding('utf8').on('data', (text: string) => (body += text));
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, body, written });
          outgoing.destroy();
        });
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') resolve({ status: 0, body: '', written });
      else if (!isAnswered) reject(error);
    });
    const write = (index: number): void => {
      const chunk = chunks[index];
      if (isAnswered || outgoing.destroyed) return;
      if (chunk === undefined)
        return void (headers['content-length'] === undefined ? outgoing.end() : undefined);
      written += Buffer.byteLength(chunk);
      outgoing.write(chunk, () => write(index + 1));
    };
    outgoing.flushHeaders();
    write(0);
  });
}

const MCP_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
