/**
 * The benchmark's upstream: the cheapest MCP server that can be written in Node, so that it is never what
 * limits a subject. `node upstream.ts --port PORT` serves both eras on loopback, `node upstream.ts --stdio`
 * on its standard streams; `--tools COUNT` lists more tools, `--manner MANNER` calls for one of
 * `upstream-manner.ts`. It ends when its parent closes the IPC channel or standard input.
 */
import { Buffer } from 'node:buffer';
import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { ECHO_TOOL, echoText, idleTools } from './echo-tool.ts';
import { HttpMessageReader } from './http-message-reader.ts';
import { LEGACY_VERSION, MODERN_VERSION } from './target.ts';
import { createManner } from './upstream-manner.ts';

const SERVER_INFO = { name: 'bench-upstream', version: '1.0.0' };
const CACHE_HINTS = { ttlMs: 3_600_000, cacheScope: 'public' };
const METHOD_NOT_FOUND = { code: -32601, message: 'Method not found' };
const METHOD_NOT_FOUND_END = `${JSON.stringify(METHOD_NOT_FOUND)}}`;
const LF = 0x0a;
const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    stdio: { type: 'boolean', default: false },
    tools: { type: 'string', default: '1' },
    manner: { type: 'string', default: 'prompt' },
  },
});
const TOOLS = [ECHO_TOOL, ...idleTools(Number(options.tools) - 1)];
const holdBack = createManner(options.manner);

interface Request {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly arguments?: { readonly token?: string; readonly bytes?: number };
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

/** The answer's text, or `undefined` for a notification. */
function answer(request: Request): string | undefined {
  const { id, method, params } = request;
  if (id === undefined) return undefined;
  const modern = params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const type = modern ? '"resultType":"complete",' : '';
  if (method === 'tools/call') {
    const text = echoText(params?.arguments?.token ?? '', params?.arguments?.bytes ?? 0);
    return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{${type}"content":[{"type":"text","text":"${text}"}]}}`;
  }
  const result = controlResult(method, modern, params?.protocolVersion);
  return result === undefined
    ? JSON.stringify({ jsonrpc: '2.0', id, error: METHOD_NOT_FOUND })
    : JSON.stringify({ jsonrpc: '2.0', id, result: modern ? { resultType: 'complete', ...result } : result });
}

function controlResult(
  method: string | undefined,
  modern: boolean,
  version: string | undefined,
): object | undefined {
  switch (method) {
    case 'tools/list':
      return { tools: TOOLS, ...(modern ? CACHE_HINTS : {}) };
    case 'server/discover':
      return {
        supportedVersions: [MODERN_VERSION, LEGACY_VERSION],
        capabilities: { tools: {} },
        ...CACHE_HINTS,
        _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
      };
    case 'initialize':
      return {
        protocolVersion: version ?? LEGACY_VERSION,
        capabilities: { tools: {} },
        serverInfo: SERVER_INFO,
      };
    case 'ping':
      return {};
    default:
      return undefined;
  }
}

function parse(text: string): Request {
  // Holds for well-formed messages only: the benchmark itself is the only author of what arrives here.
  return JSON.parse(text) as Request;
}

function serveSocket(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  const reader = new HttpMessageReader((head, body) => {
    if (!head.startsWith('POST ')) {
      socket.write('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [first = Buffer.alloc(0)] = body;
    const request = parse((body.length === 1 ? first : Buffer.concat(body)).toString('utf8'));
    const text = answer(request);
    if (text === undefined) {
      socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    // Everything that is answered is ASCII, so characters are bytes.
    const status =
      text.endsWith(METHOD_NOT_FOUND_END) && head.includes(MODERN_VERSION) ? '404 Not Found' : '200 OK';
    const send = (): void => {
      socket.write(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
        'latin1',
      );
    };
    if (holdBack === undefined || request.method !== 'tools/call') send();
    else holdBack(send);
  });
  socket.on('data', (chunk) => reader.push(chunk));
}

function serveStdio(): void {
  let rest: Buffer = Buffer.alloc(0);
  process.stdin.on('data', (chunk: Buffer) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    let out = '';
    for (let end = data.indexOf(LF); end !== -1; end = data.indexOf(LF, start)) {
      const line = data.toString('utf8', start, end);
      start = end + 1;
      if (line.trim() === '') continue;
      const request = parse(line);
      const text = answer(request);
      if (text === undefined) continue;
      if (holdBack === undefined || request.method !== 'tools/call') out += `${text}\n`;
      else holdBack((before = '') => void process.stdout.write(`${before}${text}\n`));
    }
    rest = data.subarray(start);
    if (out !== '') process.stdout.write(out);
  });
  process.stdin.on('end', () => process.exit(0));
}

if (options.stdio) {
  serveStdio();
} else {
  createServer({ noDelay: true }, serveSocket).listen(Number(options.port), '127.0.0.1', () =>
    process.send?.({ kind: 'listening' }),
  );
  process.on('disconnect', () => process.exit(0));
}
