/**
 * A plain `node:http` server with nothing behind it: `node node-responder-server.ts PORT [LIST]`. It answers
 * calls of the echo tool itself and `tools/list` with the bytes of a file.
 */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { echoText } from '../echo-tool.ts';

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: { readonly arguments?: { readonly token: string; readonly bytes: number } };
}

const [port, listFile] = process.argv.slice(2);
const list = listFile === undefined ? Buffer.from('{}') : readFileSync(listFile);
const CLOSING_BRACE = Buffer.from('}');

function respond(response: ServerResponse, { id, method, params }: Request): void {
  const head = `{"jsonrpc":"2.0","id":${id},"result":`;
  if (method === 'tools/list') {
    response.writeHead(200, [
      'Content-Type',
      'application/json',
      'Content-Length',
      String(head.length + list.length + 1),
    ]);
    // Head, list and end leave in one system call.
    response.cork();
    response.write(head, 'latin1');
    response.write(list);
    response.end(CLOSING_BRACE);
    response.uncork();
    return;
  }
  const text = echoText(params.arguments?.token ?? '', params.arguments?.bytes ?? 0);
  const body = `${head}{"resultType":"complete","content":[{"type":"text","text":"${text}"}]}}`;
  response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(body.length)]);
  response.end(body, 'latin1');
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Holds: the benchmark itself is the only author of what arrives here.
  request.on('end', () => respond(response, JSON.parse(Buffer.concat(chunks).toString()) as Request));
}).listen(Number(port), '127.0.0.1');
