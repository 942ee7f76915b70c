// A stdio MCP server without an SDK: it starts fast, keeps every byte, and misbehaves as its arguments say.
//
//   --era legacy|modern   what it speaks (default legacy)
//   --record FILE         appends every line that it receives, as it came
//   --hang METHOD         never answers this method
//   --die TEXT            writes the text to stderr and exits with 3 before it answers anything
//   --start-delay MS      answers nothing before
//   --flood-stderr        writes to stderr as fast as the pipe takes it
//   --ignore-eof          goes on living after the end of stdin
//   --ignore-term         ignores SIGTERM and SIGINT
//   --pid-file FILE       writes a line with its pid at start
//   --tool-prefix TEXT    stands before the names of its tools
//   --read-only           its tools say that they change nothing
//   --read-only-tool TOOL says that this tool changes nothing
import { appendFileSync } from 'node:fs';

const args = process.argv.slice(2);
/** @param {string} name */
const has = (name) => args.includes(name);
/** @param {string} name @param {string} fallback */
const value = (name, fallback) => (has(name) ? (args[args.indexOf(name) + 1] ?? fallback) : fallback);

const isModern = value('--era', 'legacy') === 'modern';
const record = value('--record', '');
const hangs = value('--hang', '');
const prefix = value('--tool-prefix', '');
const readOnly = value('--read-only-tool', '');
const startsAt = performance.now() + Number(value('--start-delay', '0'));
const MODERN = '2026-07-28';

if (has('--ignore-term')) for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => {});
if (has('--pid-file')) appendFileSync(value('--pid-file', ''), `${process.pid}\n`);
if (has('--die')) {
  process.stderr.write(`${value('--die', '')}\n`);
  process.exit(3);
}
if (has('--flood-stderr')) flood();
if (has('--ignore-eof')) setInterval(() => {}, 60_000);

const TOOLS = {
  echo: 'Gives its arguments back as structured content, byte for byte.',
  mirror: 'Gives its arguments back twice: as structured content and as a member that no revision knows.',
  pid: 'Tells the pid.',
  slow: 'Answers after "ms" milliseconds.',
  never: 'Answers when it is cancelled, which is too late.',
  progress: 'Sends "steps" progress notifications, and the answer right behind the last one.',
  crash: 'Writes "text" to stderr and exits with 3.',
  fail: 'Answers with a JSON-RPC error.',
  strange: 'Answers with content and members that no revision knows.',
  ask: 'Wants a URL to be visited, and tells what came back (modern).',
};

/** @type {Map<string, string>} id of each open call of "never", as JSON */
const open = new Map();

/** @param {string} text */
const send = (text) => void process.stdout.write(`${text}\n`);
/** @param {string} id @param {string} result - Members of the result, as JSON without braces. */
const answer = (id, result) =>
  send(`{"jsonrpc":"2.0","id":${id},"result":{${isModern ? '"resultType":"complete",' : ''}${result}}}`);
/** @param {string} text */
const textBlock = (text) => `"content":[{"type":"text","text":${JSON.stringify(text)}}]`;

// Node's readline would also split at U+2028 and U+2029, which may stand in JSON strings.
let rest = '';
process.stdin.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) take(line);
});

/** @param {string} line */
function take(line) {
  if (record !== '') appendFileSync(record, `${line}\n`);
  setTimeout(() => receive(line), Math.max(0, startsAt - performance.now()));
}

/** @param {string} line */
function receive(line) {
  const message = JSON.parse(line);
  if (message.method === undefined || message.method === hangs) return;
  if (message.id === undefined) {
    if (message.method === 'notifications/cancelled') open.delete(JSON.stringify(message.params.requestId));
    return;
  }
  const id = JSON.stringify(message.id);
  switch (message.method) {
    case 'initialize':
      if (isModern) return unknownMethod(id);
      return answer(
        id,
        `"protocolVersion":${JSON.stringify(message.params.protocolVersion)},"capabilities":{"tools":{}},"serverInfo":{"name":"scripted","version":"1"}`,
      );
    case 'server/discover':
      if (!isModern) return unknownMethod(id);
      return answer(
        id,
        `"supportedVersions":["${MODERN}"],"capabilities":{"tools":{}},"ttlMs":60000,"cacheScope":"private","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"scripted","version":"1"}}`,
      );
    case 'ping':
      return answer(id, '');
    case 'tools/list':
      return answer(id, `"tools":${tools()}${isModern ? ',"ttlMs":60000,"cacheScope":"private"' : ''}`);
    case 'tools/call':
      return call(id, line, message.params);
    default:
      return unknownMethod(id);
  }
}

function tools() {
  return JSON.stringify(
    Object.entries(TOOLS).map(([name, description]) => ({
      name: prefix + name,
      description,
      inputSchema: { type: 'object' },
      ...((has('--read-only') || name === readOnly) && { annotations: { readOnlyHint: true } }),
    })),
  );
}

/** @param {string} id */
function unknownMethod(id) {
  send(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`);
}

/** @param {string} id @param {string} line @param {any} params */
function call(id, line, params) {
  const given = params.arguments ?? {};
  switch (params.name.slice(prefix.length)) {
    case 'echo':
      return answer(id, `"content":[],"structuredContent":${rawArguments(line)}`);
    case 'mirror':
      return answer(
        id,
        `"content":[],"structuredContent":${rawArguments(line)},"x-mirror":${rawArguments(line)}`,
      );
    case 'pid':
      return answer(id, textBlock(String(process.pid)));
    case 'slow':
      return void setTimeout(() => answer(id, textBlock(given.text ?? 'done')), given.ms);
    case 'never':
      return void open.set(id, line);
    case 'progress': {
      const token = JSON.stringify(params._meta?.progressToken ?? null);
      const steps = Array.from(
        { length: given.steps },
        (_, step) =>
          `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${step + 1},"total":${given.steps}}}\n`,
      );
      // One write, so that the answer arrives with the last notification.
      return void process.stdout.write(
        `${steps.join('')}{"jsonrpc":"2.0","id":${id},"result":{${isModern ? '"resultType":"complete",' : ''}${textBlock('done')}}}\n`,
      );
    }
    case 'crash':
      process.stderr.write(`${given.text ?? 'crashed on demand'}\n`, () => process.exit(3));
      return;
    case 'fail':
      return send(
        `{"jsonrpc":"2.0","id":${id},"error":{"code":-32042,"message":"failed on demand","data":{"big":9007199254740993}}}`,
      );
    case 'strange':
      return answer(
        id,
        `"content":[{"type":"hologram","depth":1.0,"x":{"y":null}},{"type":"text","text":"\\u00e9 caf\\u00e9","x-unknown":1e400}],"isError":true,"_meta":{"com.example/trace":[1.10,-0]},"x-extra":{"z":1,"a":2}`,
      );
    case 'ask':
      if (params.inputResponses !== undefined)
        return answer(id, textBlock(JSON.stringify([params.requestState, params.inputResponses])));
      return send(
        `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"input_required","requestState":"opaque \\u00e9 1.0","inputRequests":{"login":{"method":"elicitation/create","params":{"mode":"url","message":"Sign in","url":"https://example.com/login","elicitationId":"e-1"}}}}}`,
      );
    default:
      return send(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32602,"message":"Unknown tool"}}`);
  }
}

/**
 * The text of the arguments, without parsing it.
 *
 * @param {string} line
 */
function rawArguments(line) {
  const start = line.indexOf('"arguments":') + '"arguments":'.length;
  let depth = 0;
  let isInString = false;
  for (let at = start; at < line.length; at++) {
    const character = line[at];
    if (isInString) {
      if (character === '\\') at++;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return line.slice(start, at + 1);
  }
  return '{}';
}

function flood() {
  const line = `${'flood '.repeat(200)}\n`;
  const fill = () => {
    for (let count = 0; count < 50; count++)
      if (!process.stderr.write(line)) return void process.stderr.once('drain', fill);
    setImmediate(fill);
  };
  fill();
}
