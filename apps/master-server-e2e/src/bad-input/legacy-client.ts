import { legacyPost, requestBytes, type Header } from './request-bytes.ts';
import { jsonOf } from './answer-text.ts';
import { send, type Observation } from './raw-http.ts';

export interface LegacyClientOptions {
  readonly port: number;
  /** Revision to ask for. Default `2025-11-25`. */
  readonly version?: string;
  /** Default `/mcp`. */
  readonly path?: string;
}

const WITHIN_MS = 10_000;

/** One session of the legacy era, driven by bytes. */
export class LegacyClient {
  readonly id: string;
  readonly #port: number;
  readonly #path: string;
  readonly #version: string;

  private constructor(id: string, { port, path = '/mcp', version = '2025-11-25' }: LegacyClientOptions) {
    this.id = id;
    this.#port = port;
    this.#path = path;
    this.#version = version;
  }

  static async open(options: LegacyClientOptions): Promise<LegacyClient> {
    const { port, path = '/mcp', version = '2025-11-25' } = options;
    const params = `{"protocolVersion":"${version}","capabilities":{},"clientInfo":{"name":"bad-input","version":"1"}}`;
    const bytes = legacyPost(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":${params}}`)
      .toString('latin1')
      .replace('POST /mcp ', `POST ${path} `);
    const { answers } = await send({ port, bytes: Buffer.from(bytes, 'latin1'), withinMs: WITHIN_MS });
    const id = answers[0]?.headers.get('mcp-session-id');
    if (id === undefined)
      throw new Error(
        `initialize gave no session: ${answers[0]?.status} ${answers[0]?.body.toString().slice(0, 200)}`,
      );
    const client = new LegacyClient(id, options);
    await client.post('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    return client;
  }

  /** The bytes of a POST in this session. */
  bytes(body: string | Buffer, headers: readonly Header[] = []): Buffer {
    const defaults: readonly Header[] = [
      ['Mcp-Method', undefined],
      ['Mcp-Name', undefined],
      ['Mcp-Session-Id', this.id],
      ['MCP-Protocol-Version', this.#version],
    ];
    const given = new Set(headers.map(([name]) => name));
    return requestBytes({
      target: this.#path,
      body,
      headers: [...defaults.filter(([name]) => !given.has(name)), ...headers],
    });
  }

  post(body: string | Buffer, headers: readonly Header[] = []): Promise<Observation> {
    return send({ port: this.#port, bytes: this.bytes(body, headers), withinMs: WITHIN_MS });
  }

  /** A request whose answer is expected; an event stream is taken apart. */
  async ask(body: string): Promise<string> {
    const { answers } = await this.post(body);
    return jsonOf(answers[0]);
  }

  /** Bytes that open the standalone stream. */
  streamBytes(headers: readonly Header[] = []): Buffer {
    return requestBytes({
      method: 'GET',
      target: this.#path,
      headers: [
        ['Mcp-Method', undefined],
        ['Mcp-Name', undefined],
        ['Content-Type', undefined],
        ['Accept', 'text/event-stream'],
        ['Mcp-Session-Id', this.id],
        ['MCP-Protocol-Version', this.#version],
        ...headers,
      ],
    });
  }

  end(): Promise<Observation> {
    const bytes = requestBytes({
      method: 'DELETE',
      target: this.#path,
      headers: [
        ['Mcp-Method', undefined],
        ['Mcp-Name', undefined],
        ['Mcp-Session-Id', this.id],
        ['MCP-Protocol-Version', this.#version],
      ],
    });
    return send({ port: this.#port, bytes, withinMs: WITHIN_MS });
  }
}
