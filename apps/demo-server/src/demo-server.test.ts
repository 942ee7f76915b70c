import { afterEach, describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { fileURLToPath } from 'node:url';

type Mode = 'legacy' | 'modern';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const open: Client[] = [];

/** Starts the real program and connects in one era; answers every elicitation with the name Ada. */
async function connect(mode: Mode): Promise<Client> {
  const client = new Client(
    { name: 'demo-test', version: '1.0.0' },
    {
      capabilities: { elicitation: {} },
      versionNegotiation: { mode: mode === 'legacy' ? 'legacy' : { pin: '2026-07-28' } },
    },
  );
  open.push(client);
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }));
  const args = ['--conditions=@omni/source', main];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'inherit' }));
  return client;
}

describe('createDemoServer', () => {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()));
  });

  for (const mode of ['legacy', 'modern'] as const) {
    it(`asks for a name in the ${mode} era`, async () => {
      const client = await connect(mode);
      const result = await client.callTool({ name: 'ask_name', arguments: {} });
      expect(result.content).toEqual([{ type: 'text', text: 'Hello, Ada!' }]);
    });

    it(`reports progress of slow_count in the ${mode} era`, async () => {
      const client = await connect(mode);
      const seen: number[] = [];
      await client.callTool(
        { name: 'slow_count', arguments: { steps: 3, delayMs: 30 } },
        { onprogress: ({ progress }) => void seen.push(progress) },
      );
      expect(seen).toEqual([1, 2, 3]);
    });
  }

  it('stays usable after a call is cancelled', async () => {
    const client = await connect('modern');
    const controller = new AbortController();
    const call = client.callTool(
      { name: 'slow_count', arguments: { steps: 100, delayMs: 5000 } },
      { signal: controller.signal, onprogress: () => {} },
    );
    controller.abort();
    await expect(call).rejects.toThrow();
    await expect(
      client.callTool({ name: 'slow_count', arguments: { steps: 1, delayMs: 0 } }),
    ).resolves.toMatchObject({
      content: [{ type: 'text', text: 'Counted to 1.' }],
    });
  });

  it('offers its tools, resource, template and prompt, with an image and structured content', async () => {
    const client = await connect('modern');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['slow_count', 'picture', 'weather_report', 'ask_name']);
    const weather = await client.callTool({ name: 'weather_report', arguments: { city: 'Oslo' } });
    expect(weather.structuredContent).toMatchObject({ city: 'Oslo' });
    const picture = await client.callTool({ name: 'picture', arguments: { size: 8 } });
    expect(picture.content).toMatchObject([{ type: 'image', mimeType: 'image/png' }]);
    expect(await client.readResource({ uri: 'demo://about' })).toMatchObject({
      contents: [{ uri: 'demo://about' }],
    });
    expect(await client.readResource({ uri: 'demo://greeting/Ada%20L' })).toMatchObject({
      contents: [{ text: 'Hello, Ada L!' }],
    });
    expect((await client.listPrompts()).prompts.map(({ name }) => name)).toEqual(['introduce']);
  });
});
