import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { completable } from '@modelcontextprotocol/sdk/server/completable.js';
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
  type CallToolResult,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { registerTaskTools, TASK_CAPABILITIES } from './sdk1-tasks.ts';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const NOTE = 'test://note';

/** What all sessions of one process share. */
export interface Sdk1State {
  /** Calls of "wait" that were cancelled. */
  cancelled: number;
  noteVersion: number;
}

/** A server on the TypeScript SDK 1.x with one tool for each thing that can travel between the two sides. */
export function createSdk1Server(state: Sdk1State): McpServer {
  const server = new McpServer(
    { name: 'sdk1', version: '1.0.0' },
    {
      capabilities: {
        logging: {},
        resources: { subscribe: true, listChanged: true },
        tools: { listChanged: true },
        tasks: TASK_CAPABILITIES,
      },
      instructions: 'Made for tests.',
      taskStore: new InMemoryTaskStore(),
    },
  );
  registerReportingTools(server, state);
  registerAskingTools(server);
  registerOffers(server, state);
  registerTaskTools(server);
  return server;
}

function registerReportingTools(server: McpServer, state: Sdk1State): void {
  const sum = { inputSchema: { a: z.number(), b: z.number() }, outputSchema: { sum: z.number() } };
  server.registerTool('add', sum, ({ a, b }) => ({
    ...text(String(a + b)),
    structuredContent: { sum: a + b },
  }));
  server.registerTool('count', { inputSchema: { steps: z.number() } }, async ({ steps }, extra) => {
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progress <= steps && progressToken !== undefined; progress++) {
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress, total: steps, message: `step ${progress}` },
      });
    }
    return text(`Counted to ${steps}.`);
  });
  server.registerTool('log', {}, async (extra) => {
    for (const level of ['debug', 'info', 'error'] as const) {
      await extra.sendNotification({
        method: 'notifications/message',
        params: { level, logger: 'sdk1', data: { level } },
      });
    }
    return text('Logged.');
  });
  server.registerTool('wait', {}, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    state.cancelled += 1;
    return text('Nobody reads this.');
  });
  server.registerTool('cancelled', {}, () => text(String(state.cancelled)));
  server.registerTool('fail', {}, () => ({ ...text('It did not work.'), isError: true }));
  server.registerTool('link', {}, () => ({ content: [{ type: 'resource_link', uri: NOTE, name: 'note' }] }));
}

function registerAskingTools(server: McpServer): void {
  server.registerTool('ask_sample', {}, async (extra) => {
    const params = {
      messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Hello?' } }],
      maxTokens: 10,
    };
    const answer = await extra.sendRequest(
      { method: 'sampling/createMessage', params },
      CreateMessageResultSchema,
    );
    return text(JSON.stringify(answer.content));
  });
  server.registerTool('ask_form', {}, async (extra: Extra) => {
    const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } } };
    const answer = await extra.sendRequest(
      { method: 'elicitation/create', params: { mode: 'form', message: 'Who?', requestedSchema } },
      ElicitResultSchema,
    );
    return text(`${answer.action} ${JSON.stringify(answer.content)}`);
  });
  server.registerTool('ask_url', {}, async (extra: Extra) => {
    const elicitationId = 'e-1';
    const params = {
      mode: 'url' as const,
      message: 'Please sign in',
      url: 'https://example.com/login',
      elicitationId,
    };
    const answer = await extra.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    await extra.sendNotification({ method: 'notifications/elicitation/complete', params: { elicitationId } });
    return text(answer.action);
  });
  server.registerTool('ask_roots', {}, async (extra: Extra) => {
    const { roots } = await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema);
    return text(roots.map(({ uri }) => uri).join(' '));
  });
}

function registerOffers(server: McpServer, state: Sdk1State): void {
  const extra = server.registerTool('extra', {}, () => text('Here for now.'));
  extra.disable();
  server.registerTool('toggle', {}, () => {
    extra.update({ enabled: !extra.enabled });
    return text(String(extra.enabled));
  });
  const subscribed = new Set<string>();
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  server.registerTool('touch', {}, async () => {
    state.noteVersion += 1;
    if (subscribed.has(NOTE)) await server.server.sendResourceUpdated({ uri: NOTE });
    return text(String(state.noteVersion));
  });
  server.registerResource('note', NOTE, { mimeType: 'text/plain' }, ({ href: uri }) => ({
    contents: [{ uri, text: `Version ${state.noteVersion}` }],
  }));
  const complete = {
    id: (value: string) => ['one', 'two', 'three'].filter((word) => word.startsWith(value)),
  };
  const template = new ResourceTemplate('test://note/{id}', { list: undefined, complete });
  server.registerResource('notes', template, {}, ({ href: uri }, { id }) => ({
    contents: [{ uri, text: `Note ${String(id)}` }],
  }));
  const who = completable(z.string(), (value) =>
    ['Ada', 'Alan', 'Grace'].filter((name) => name.startsWith(value)),
  );
  server.registerPrompt('greet', { argsSchema: { who } }, ({ who: name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello, ${name}!` } }],
  }));
}

function text(value: string): CallToolResult {
  return { content: [{ type: 'text', text: value }] };
}
