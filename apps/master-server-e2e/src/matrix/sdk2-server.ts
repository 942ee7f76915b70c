import {
  completable,
  inputRequired,
  inputResponse,
  McpServer,
  type CallToolResult,
  type InputRequests,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

/** What all instances of one process share, and how they tell each other of changes. */
export class Sdk2State {
  cancelled = 0;
  hasExtra = false;
  noteVersion = 1;
  readonly #listeners = new Set<(change: 'tools' | 'note') => void>();

  change(change: 'tools' | 'note'): void {
    if (change === 'tools') this.hasExtra = !this.hasExtra;
    else this.noteVersion++;
    for (const listener of this.#listeners) listener(change);
  }

  onChange(listener: (change: 'tools' | 'note') => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export const NOTE = 'test://note';

/**
 * A server on the TypeScript SDK 2.x with the tools of the server on SDK 1.x.
 *
 * @param isLive - It outlives a request.
 */
export function createSdk2Server(state: Sdk2State, { isLive }: { readonly isLive: boolean }): McpServer {
  const server = new McpServer(
    { name: 'sdk2', version: '1.0.0' },
    {
      capabilities: {
        logging: {},
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
      },
    },
  );
  registerReportingTools(server, state);
  registerAskingTools(server);
  const extra = server.registerTool('extra', {}, () => text('Here for now.'));
  extra.update({ enabled: state.hasExtra });
  server.registerTool('toggle', {}, () => {
    state.change('tools');
    return text(String(state.hasExtra));
  });
  server.registerTool('touch', {}, () => {
    state.change('note');
    return text(String(state.noteVersion));
  });
  server.registerResource('note', NOTE, {}, ({ href: uri }) => ({
    contents: [{ uri, text: `Version ${state.noteVersion}` }],
  }));
  const who = completable(z.string(), (value) =>
    ['Ada', 'Alan', 'Grace'].filter((name) => name.startsWith(value)),
  );
  server.registerPrompt('greet', { argsSchema: z.object({ who }) }, ({ who: name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello, ${name}!` } }],
  }));
  const subscribed = new Set<string>();
  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  if (isLive) {
    server.server.onclose = state.onChange((change) => {
      if (change === 'tools') extra.update({ enabled: state.hasExtra });
      else if (server.server.getClientCapabilities() === undefined || subscribed.has(NOTE))
        void server.server.sendResourceUpdated({ uri: NOTE });
    });
  }
  return server;
}

function registerReportingTools(server: McpServer, state: Sdk2State): void {
  const sum = {
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    outputSchema: z.object({ sum: z.number() }),
  };
  server.registerTool('add', sum, ({ a, b }) => ({
    ...text(String(a + b)),
    structuredContent: { sum: a + b },
  }));
  server.registerTool('count', { inputSchema: z.object({ steps: z.number() }) }, async ({ steps }, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (let progress = 1; progress <= steps && progressToken !== undefined; progress++) {
      await ctx.mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress, total: steps },
      });
    }
    return text(`Counted to ${steps}.`);
  });
  server.registerTool('log', {}, async (ctx) => {
    for (const level of ['debug', 'info', 'error'] as const) await ctx.mcpReq.log(level, { level });
    return text('Logged.');
  });
  server.registerTool('wait', {}, async (ctx) => {
    await new Promise((resolve) => ctx.mcpReq.signal.addEventListener('abort', resolve));
    state.cancelled++;
    return text('Nobody reads this.');
  });
  server.registerTool('cancelled', {}, () => text(String(state.cancelled)));
}

function registerAskingTools(server: McpServer): void {
  const user = { role: 'user' as const, content: { type: 'text' as const, text: 'Hello?' } };
  const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } } };
  const questions = {
    ask_sample: () => ({ q: inputRequired.createMessage({ messages: [user], maxTokens: 10 }) }),
    ask_form: () => ({ q: inputRequired.elicit({ message: 'Who?', requestedSchema }) }),
    ask_url: () => ({
      q: inputRequired.elicitUrl({ message: 'Please sign in', url: 'https://example.com/login' }),
    }),
    ask_roots: () => ({ q: inputRequired.listRoots() }),
  };
  for (const [name, ask] of Object.entries(questions))
    server.registerTool(name, {}, (ctx) => askOnce(ctx, ask()));
}

function askOnce(ctx: ServerContext, inputRequests: InputRequests): CallToolResult | InputRequiredResult {
  const answer = inputResponse(ctx.mcpReq.inputResponses, 'q');
  switch (answer.kind) {
    case 'sampling':
      return text(JSON.stringify(answer.result.content));
    case 'elicit':
      return text(answer.action);
    case 'roots':
      return text(answer.roots.map(({ uri }) => uri).join(' '));
    default:
      return inputRequired({ inputRequests });
  }
}

function text(value: string): CallToolResult {
  return { content: [{ type: 'text', text: value }] };
}
