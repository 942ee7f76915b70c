import { inputRequired, inputResponse, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { gradientPng } from './gradient-png.ts';
import { slowCount } from './slow-count.ts';
import { WEATHER_CONDITIONS, weatherReport } from './weather-report.ts';

const ABOUT = 'This is the demo server of Omni. It runs on this machine, needs no network and keeps nothing.';

/** Makes one server with everything registered; `serveStdio` calls it once for each connection. */
export function createDemoServer(): McpServer {
  const server = new McpServer(
    { name: 'omni-demo', title: 'Omni demo server', version: '0.1.0' },
    {
      instructions:
        'A few harmless tools that show progress, an image, structured content and a question to the user.',
    },
  );
  registerSlowCount(server);
  registerPicture(server);
  registerWeatherReport(server);
  registerAskName(server);
  registerResources(server);
  server.registerPrompt(
    'introduce',
    {
      title: 'Introduce Omni',
      description: 'Asks for a short introduction of Omni.',
      argsSchema: z.object({ audience: z.string().max(200) }),
    },
    ({ audience }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'text',
            text: `Explain in three sentences, for ${audience}, what a gateway for MCP servers does.`,
          },
        },
      ],
    }),
  );
  return server;
}

function registerSlowCount(server: McpServer): void {
  server.registerTool(
    'slow_count',
    {
      title: 'Slow count',
      description: 'Counts slowly, reports progress after each step and stops when it is cancelled.',
      inputSchema: z.object({
        steps: z.number().int().min(1).max(100).default(5).describe('How far to count'),
        delayMs: z.number().int().min(0).max(5000).default(500).describe('Milliseconds after each step'),
      }),
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    async ({ steps, delayMs }, ctx) => {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      await slowCount({
        steps,
        delayMs,
        signal: ctx.mcpReq.signal,
        onStep: async (progress) => {
          if (progressToken === undefined) return;
          const message = `${progress} of ${steps}`;
          await ctx.mcpReq.notify({
            method: 'notifications/progress',
            params: { progressToken, progress, total: steps, message },
          });
        },
      });
      return { content: [{ type: 'text', text: `Counted to ${steps}.` }] };
    },
  );
}

function registerPicture(server: McpServer): void {
  server.registerTool(
    'picture',
    {
      title: 'Picture',
      description: 'Draws a small colour gradient and returns it as a PNG image.',
      inputSchema: z.object({
        size: z.number().int().min(1).max(256).default(64).describe('Width and height in pixels'),
      }),
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ size }) => ({
      content: [
        {
          type: 'image',
          data: gradientPng({ width: size, height: size }).toString('base64'),
          mimeType: 'image/png',
        },
      ],
    }),
  );
}

function registerWeatherReport(server: McpServer): void {
  server.registerTool(
    'weather_report',
    {
      title: 'Weather report',
      description: 'Reports made-up weather: the same city always has the same weather.',
      inputSchema: z.object({ city: z.string().min(1).max(100) }),
      outputSchema: z.object({
        city: z.string(),
        condition: z.enum(WEATHER_CONDITIONS),
        temperatureC: z.number(),
        humidityPercent: z.number(),
        windKmh: z.number(),
      }),
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ city }) => {
      const report = weatherReport(city);
      // Clients older than 2025-06-18 read the text, so it says the same (MCP 2025-06-18, server/tools,
      // "Structured Content").
      return { content: [{ type: 'text', text: JSON.stringify(report) }], structuredContent: { ...report } };
    },
  );
}

function registerAskName(server: McpServer): void {
  server.registerTool(
    'ask_name',
    {
      title: 'Ask for a name',
      description: 'Asks the user for a name through a form and greets them.',
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (ctx) => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, 'name');
      if (answer.kind === 'elicit') {
        const name = answer.action === 'accept' ? answer.content?.['name'] : undefined;
        const text = typeof name === 'string' ? `Hello, ${name}!` : 'Hello, whoever you are!';
        return { content: [{ type: 'text', text }] };
      }
      // In the modern era this goes out as it is; in the legacy era the SDK asks by a server request and
      // calls us again.
      return inputRequired({
        inputRequests: {
          name: inputRequired.elicit({
            message: 'What is your name?',
            requestedSchema: {
              type: 'object',
              properties: { name: { type: 'string', title: 'Name', maxLength: 100 } },
              required: ['name'],
            },
          }),
        },
      });
    },
  );
}

function registerResources(server: McpServer): void {
  server.registerResource(
    'about',
    'demo://about',
    { title: 'About', description: 'What this server is.', mimeType: 'text/plain' },
    (uri) => ({
      contents: [{ uri: uri.href, mimeType: 'text/plain', text: ABOUT }],
    }),
  );
  server.registerResource(
    'greeting',
    new ResourceTemplate('demo://greeting/{name}', { list: undefined }),
    { title: 'Greeting', description: 'A greeting for one name.', mimeType: 'text/plain' },
    (uri, { name }) => ({
      contents: [
        { uri: uri.href, mimeType: 'text/plain', text: `Hello, ${decodeURIComponent(String(name))}!` },
      ],
    }),
  );
}
