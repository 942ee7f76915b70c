// A server of revision 2025-03-26 on stdio: what its tool returns is how many messages came in the same line.
import { createInterface } from 'node:readline';

const TOOLS = { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] };

function resultOf({ method }, together) {
  if (method === 'initialize')
    return {
      protocolVersion: '2025-03-26',
      capabilities: { tools: {} },
      serverInfo: { name: 'batching', version: '1' },
    };
  if (method === 'tools/list') return TOOLS;
  return method === 'tools/call' ? { content: [{ type: 'text', text: `${together}` }] } : undefined;
}

for await (const line of createInterface({ input: process.stdin })) {
  const received = [JSON.parse(line)].flat();
  const answers = received
    .filter(({ id }) => id !== undefined)
    .map((message) => {
      const result = resultOf(message, received.length);
      const ending = result === undefined ? { error: { code: -32601, message: 'not here' } } : { result };
      return { jsonrpc: '2.0', id: message.id, ...ending };
    });
  const text = JSON.stringify(answers.length === 1 ? answers[0] : answers);
  if (answers.length > 0) process.stdout.write(`${text}\n`);
}
