import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';

/** A server in the same process that takes its time on timers which keep no process alive. */
const SERVER = `
import { createMasterServer, inProcessUpstream } from '@omni/container';
const later = (ms, action) => setTimeout(action, ms).unref();
const results = {
  initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } },
  'tools/list': { tools: [{ name: 'wait', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [] },
};
const slow = inProcessUpstream('slow', (gateway) => ({
  send(text) {
    const { id, method } = JSON.parse(text);
    const answer = results[method] ? { result: results[method] } : { error: { code: -32601, message: 'no' } };
    if (id !== undefined) later(100, () => gateway.onMessage(JSON.stringify({ jsonrpc: '2.0', id, ...answer })));
    return true;
  },
  close: () => new Promise((resolve) => later(100, resolve)),
}));
const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'slow__wait', arguments: {}, _meta } });
const server = createMasterServer({ configuration: { upstreams: [slow] } });
`;

/** Runs a program that embeds Omni. @returns Its exit code and what it printed. */
async function run(program: string): Promise<{ readonly code: unknown; readonly output: string }> {
  const argv = ['--conditions=@omni/source', '--disable-warning=ExperimentalWarning', '--input-type=module'];
  const child = spawn(process.execPath, [...argv, '--eval', `${SERVER}${program}`], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => (output += text));
  }
  const [code]: unknown[] = await once(child, 'close');
  return { code, output };
}

describe('the process of a program without a listener', () => {
  it('lives while whenSettled() and stop() are awaited, and ends then', async () => {
    const ran = await run(`
      await server.start();
      await server.whenSettled();
      console.log(server.upstreams().map(({ name, tools }) => name + ' ' + tools).join());
      await server.stop();
      console.log('stopped');
    `);
    expect(ran).toEqual({ code: 0, output: 'slow 1\nstopped\n' });
  });

  it('lives while an answer is awaited, also that of a server which is starting', async () => {
    const ran = await run(`
      await server.start();
      const client = server.connect();
      const answered = new Promise((resolve) => client.onMessage(resolve));
      client.send(call);
      console.log('result' in JSON.parse(await answered));
      await server.stop();
    `);
    expect(ran).toEqual({ code: 0, output: 'true\n' });
  });

  it('lives while a server that was never started is stopped', async () => {
    const ran = await run(`
      const client = server.connect();
      client.send(call);
      await new Promise((next) => setImmediate(next));
      await server.stop({ deadlineMs: 100 });
      console.log('stopped');
    `);
    expect(ran).toEqual({ code: 0, output: 'stopped\n' });
  });

  it('lives as long as the server runs, as with one that listens', async () => {
    const ran = await run(`
      await server.start();
      setTimeout(async () => { console.log('still here'); await server.stop(); }, 300).unref();
    `);
    expect(ran).toEqual({ code: 0, output: 'still here\n' });
  });
});
