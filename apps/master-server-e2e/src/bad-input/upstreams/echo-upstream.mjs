/**
 * A server of both eras on stdio that repeats arguments byte for byte and writes down what reached it:
 * `node echo-upstream.mjs TALLY_FILE`. The tally gets one letter per event: `e` a call, `c` a cancellation,
 * `f` a finished flood.
 */
import { appendFileSync } from 'node:fs';
import { readLines } from './read-lines.mjs';

const [tallyFile = '/dev/null'] = process.argv.slice(2);
const FIRST = '{"<<":0';
const LAST = '">>":0}';
const MODERN = { ttlMs: 0, cacheScope: 'private', resultType: 'complete' };
const PARAMS = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    dry: { type: 'boolean', 'x-mcp-header': 'Dry' },
  },
};
const NAMES = ['echo', 'hold', 'big', 'flood', '__proto__', 'constructor', 'then', 'toString'];
const TOOLS = [
  ...NAMES.map((name) => ({ name, inputSchema: { type: 'object' } })),
  { name: 'mirrored', inputSchema: PARAMS },
];

/** @type {Set<unknown>} */
const held = new Set();

/** @param {string} text */
const send = (text) => process.stdout.write(`${text}\n`);
/** @param {unknown} id @param {string} result */
const reply = (id, result) => send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
/** @param {string} letter */
const note = (letter) => appendFileSync(tallyFile, letter);

/** @param {string} line */
function rawArguments(line) {
  const start = line.indexOf(FIRST);
  const end = line.lastIndexOf(LAST);
  return start < 0 || end < start ? '{}' : line.slice(start, end + LAST.length);
}

/** @param {string} text */
const textResult = (text) =>
  `{"resultType":"complete","content":[{"type":"text","text":${JSON.stringify(text)}}]}`;

/**
 * @param {unknown} id
 *
 * @param {string} line
 * @param {{ name: string, arguments?: Record<string, number>, _meta?: Record<string, unknown> }} params
 */
function call(id, line, params) {
  note('e');
  const args = params.arguments ?? {};
  switch (params.name) {
    case 'hold':
      held.add(id);
      return;
    case 'big':
      reply(id, textResult('x'.repeat(args['bytes'] ?? 0)));
      return;
    case 'flood': {
      const token = JSON.stringify(params._meta?.['progressToken']);
      const pad = 'p'.repeat(args['bytes'] ?? 0);
      for (let sent = 1; sent <= (args['count'] ?? 0); sent += 1) {
        send(
          `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${sent},"message":"${pad}"}}`,
        );
      }
      reply(id, textResult('flooded'));
      process.stdout.write('', () => note('f'));
      return;
    }
    default:
      reply(id, `{"resultType":"complete","content":[],"structuredContent":${rawArguments(line)}}`);
  }
}

/** @param {string} line */
function serve(line) {
  const { id, method, params } = JSON.parse(line);
  const isModern = params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  switch (method) {
    case 'server/discover':
      reply(
        id,
        JSON.stringify({
          ...MODERN,
          supportedVersions: ['2026-07-28', '2025-11-25'],
          capabilities: { tools: {} },
          _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'echo', version: '1' } },
        }),
      );
      return;
    case 'initialize':
      reply(
        id,
        JSON.stringify({
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'echo', version: '1' },
        }),
      );
      return;
    case 'tools/list':
      reply(id, JSON.stringify({ ...(isModern ? MODERN : {}), tools: TOOLS }));
      return;
    case 'tools/call':
      call(id, line, params);
      return;
    case 'notifications/cancelled':
      if (held.delete(params.requestId)) note('c');
      return;
    default:
      if (id !== undefined)
        send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }));
  }
}

readLines(process.stdin, serve);
