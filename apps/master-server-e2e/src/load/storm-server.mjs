// A stdio MCP server of the legacy era that says far too much during a call, as fast as the pipe takes it.
// The tool "storm" sends "count" of each: progress, list_changed, log messages of "bytes"; its answer tells
// how often it was listed meanwhile.
let rest = '';
let lists = 0;
/** One storm after another. */
let running = Promise.resolve();
process.stdin.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) receive(JSON.parse(line));
});

/** @param {unknown} id @param {object} result */
const answer = (id, result) =>
  void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);

/** @param {any} message */
function receive({ id, method, params }) {
  if (id === undefined) return;
  switch (method) {
    case 'initialize':
      return answer(id, {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: { listChanged: true }, logging: {} },
        serverInfo: { name: 'storm', version: '1' },
      });
    case 'tools/list':
      lists++;
      return answer(id, {
        tools: [{ name: 'storm', description: `listed ${lists} times`, inputSchema: { type: 'object' } }],
      });
    case 'tools/call':
      running = running.then(() => storm(id, params));
      return;
    case 'ping':
    case 'logging/setLevel':
      return answer(id, {});
    default:
      process.stdout.write(
        `${JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })}\n`,
      );
  }
}

/** @param {unknown} id @param {any} params */
async function storm(id, params) {
  const { count, bytes } = params.arguments;
  const token = JSON.stringify(params._meta?.progressToken);
  const log = `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"${'x'.repeat(bytes)}"}}\n`;
  const changed = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n';
  lists = 0;
  for (let step = 1; step <= count; step += 100) {
    let text = '';
    for (let at = step; at < step + 100; at++)
      text += `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${at}}}\n${changed}${log}`;
    if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
  answer(id, { content: [{ type: 'text', text: String(lists) }] });
}
