/** Shakes hands like Omni, and knows nothing else: what a gateway does that carries nothing. */
import { createInterface } from 'node:readline';

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method } = JSON.parse(line);
  if (id === undefined) return;
  const result = {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'deaf', version: '1' },
  };
  const answer = method === 'initialize' ? { result } : { error: { code: -32601, message: 'not here' } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
});
