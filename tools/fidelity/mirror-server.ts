/**
 * A stdio server of both eras for the peers of the bench: keeps every line that it receives and answers a
 * call with the pristine value of the corpus that the call names, whatever has come of it on the way: `node
 * mirror-server.ts RECORD`.
 */
import { appendFileSync } from 'node:fs';
import { createCorpus } from './corpus.ts';

interface Received {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly arguments?: { readonly n?: number };
    readonly _meta?: object;
  };
}

const TOOLS = '"tools":[{"name":"echo","description":"Gives a value back.","inputSchema":{"type":"object"}}]';
const INFO = '{"name":"mirror","version":"1.0.0"}';
const LASTING = '"ttlMs":60000,"cacheScope":"private"';
const values = createCorpus().map(({ text }) => text);
const record = process.argv[2] ?? '';

function resultOf({ method, params }: Received): string | undefined {
  switch (method) {
    case 'initialize':
      return `"protocolVersion":${JSON.stringify(params?.protocolVersion)},"capabilities":{"tools":{}},"serverInfo":${INFO}`;
    case 'server/discover':
      return `"supportedVersions":["2026-07-28","2025-11-25"],"capabilities":{"tools":{}},${LASTING},"_meta":{"io.modelcontextprotocol/serverInfo":${INFO}}`;
    case 'tools/list':
      return `${TOOLS},${LASTING}`;
    case 'tools/call': {
      const n = params?.arguments?.n;
      const value = n === undefined ? 'null' : (values[n] ?? 'null').replaceAll(/[\r\n]+/g, ' ');
      return `"content":[],"structuredContent":{"n":${n ?? -1},"value":${value}},"x-mirror":[${n ?? -1},${value}]`;
    }
    case 'ping':
      return '';
    default:
      return undefined;
  }
}

function answer(line: string): string | undefined {
  // Peers send JSON-RPC.
  const message = JSON.parse(line) as Received;
  if (message.id === undefined) return undefined;
  const result = resultOf(message);
  const isModern = JSON.stringify(message.params?._meta ?? {}).includes(
    'io.modelcontextprotocol/protocolVersion',
  );
  const id = JSON.stringify(message.id);
  if (result === undefined)
    return `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`;
  const members = [isModern ? '"resultType":"complete"' : '', result].filter((part) => part !== '').join(',');
  return `{"jsonrpc":"2.0","id":${id},"result":{${members}}}`;
}

let rest = '';
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines.filter((text) => text.trim() !== '')) {
    appendFileSync(record, `${line}\n`);
    const text = answer(line);
    if (text !== undefined) process.stdout.write(`${text}\n`);
  }
});
process.stdin.on('end', () => process.exit(0));
