import type { RequestOptions } from 'node:http';
import { request as requestOverTls } from 'node:https';
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { request as requestOverHttp } from '../node-http.ts';

/** A proxy that does not lead to a server: shown in place of what the server would say. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal';
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface TunnelOptions {
  readonly proxy: URL;
  readonly timeoutMs: number;
  /** Makes TLS of the connection that leads through the proxy. */
  readonly secure: buildConnector.connector;
}

/** Connects to `https:` servers through a proxy by CONNECT (RFC 9110, 9.3.6). */
export function tunnelThrough({ proxy, timeoutMs, secure }: TunnelOptions): buildConnector.connector {
  return (options, callback) => {
    const target = `${options.hostname}:${options.port === '' ? '443' : options.port}`;
    let isOver = false;
    const fail = (why: string, code: string, cause?: Error): void => {
      if (isOver) return;
      isOver = true;
      callback(new ProxyRefusal(`the proxy ${proxy.origin} ${why}`, code, { cause }), null);
    };
    const asked: RequestOptions = {
      method: 'CONNECT',
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : proxy.port,
      path: target,
      headers: { host: target, ...proxyAuthorization(proxy) },
      agent: false,
      timeout: timeoutMs,
    };
    const request = proxy.protocol === 'https:' ? requestOverTls(asked) : requestOverHttp(asked);
    request.once('connect', (answer, socket: Socket) => {
      request.setTimeout(0);
      socket.setTimeout(0);
      if (isOver || answer.statusCode !== 200) socket.destroy();
      if (isOver) return;
      if (answer.statusCode === 200) {
        isOver = true;
        return secure({ ...options, httpSocket: socket }, callback);
      }
      fail(`answered with HTTP status ${answer.statusCode}`, `PROXY_STATUS_${answer.statusCode}`);
    });
    request.once('response', (answer) => {
      request.destroy();
      fail(`answered with HTTP status ${answer.statusCode}`, `PROXY_STATUS_${answer.statusCode}`);
    });
    request.once('timeout', () => request.destroy(new ProxyRefusal('no answer', 'PROXY_TIMEOUT')));
    request.once('error', (error) => fail('cannot be reached', codeOf(error), error));
    request.end();
  };
}

/** What a proxy asks for whose address has a name and password. */
export function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'PROXY_UNREACHABLE';
}
