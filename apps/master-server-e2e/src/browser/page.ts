/** What runs in the page: clients on the SDKs, and what a page can try without one. */
import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as Sdk1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Sdk1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/**
 * Which client: the SDK 2.x in one of its modes, or the SDK 1.x, as the Inspector uses it when it connects
 * directly.
 */
export type PageClient = 'legacy' | 'auto' | 'modern' | 'sdk1';

/** Tools of `sdk1-server.ts` through Omni, in the terms of either SDK. */
interface Tools {
  connect(): Promise<void>;
  list(): Promise<readonly string[]>;
  /** @returns The first text of the result; the progress that came before in front of it. */
  call(name: string, args: Record<string, unknown>): Promise<string>;
  readonly version: string | undefined;
  readonly sessionId: string | undefined;
  end(): Promise<void>;
}

const INFO = { name: 'page', version: '1.0.0' };
const CAPABILITIES = { elicitation: { form: {} } } as const;
const ANSWER = { action: 'accept', content: { name: 'Ada' } } as const;

function sdk2(url: string, headers: Record<string, string>, era: 'legacy' | 'auto' | 'modern'): Tools {
  const options: ClientOptions = {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : era },
  };
  const client = new Client(INFO, options);
  client.setRequestHandler('elicitation/create', () => ANSWER);
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  return {
    connect: () => client.connect(transport),
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args) => {
      const heard: number[] = [];
      const onprogress = ({ progress }: { progress: number }): void => void heard.push(progress);
      const { content } = await client.callTool({ name, arguments: args }, { onprogress });
      return [...heard, textOf(content)].join(' ');
    },
    get version() {
      return client.getNegotiatedProtocolVersion();
    },
    get sessionId() {
      return transport.sessionId;
    },
    end: async () => {
      if (transport.sessionId !== undefined) await transport.terminateSession();
      await client.close();
    },
  };
}

function sdk1(url: string, headers: Record<string, string>): Tools {
  const client = new Sdk1Client(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, () => ANSWER);
  const transport = new Sdk1Http(new URL(url), { requestInit: { headers } });
  return {
    connect: () => client.connect(transport as Parameters<Sdk1Client['connect']>[0]),
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args) => {
      const heard: number[] = [];
      const { content } = await client.callTool({ name, arguments: args }, undefined, {
        onprogress: ({ progress }) => void heard.push(progress),
      });
      return [...heard, textOf(content)].join(' ');
    },
    get version() {
      return transport.protocolVersion;
    },
    get sessionId() {
      return transport.sessionId;
    },
    end: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
}

function textOf(content: unknown): string {
  const [first] = content as readonly { readonly text?: string }[];
  return first?.text ?? '';
}

async function use(url: string, which: PageClient, headers: Record<string, string>): Promise<string[]> {
  const seen: string[] = [];
  const step = async (name: string, run: () => Promise<unknown>): Promise<void> => {
    seen.push(
      await run().then(
        (value) => `${name}: ${String(value)}`,
        (error: unknown) => `${name} failed: ${String(error)}`,
      ),
    );
  };
  const tools = which === 'sdk1' ? sdk1(url, headers) : sdk2(url, headers, which);
  await step('connect', async () => {
    await tools.connect();
    return `${tools.version} ${tools.sessionId === undefined ? 'without' : 'with'} a session`;
  });
  await step('list', async () => (await tools.list()).includes('sdk1__add'));
  await step('add', () => tools.call('sdk1__add', { a: 1, b: 2 }));
  await step('count', () => tools.call('sdk1__count', { steps: 3 }));
  await step('ask', () => tools.call('sdk1__ask_form', {}));
  await step('end', () => tools.end());
  return seen;
}

/**
 * @returns Status, what the page can read of it, and the message; or that the browser keeps it from the page.
 */
async function ask(url: string, init: RequestInit): Promise<string> {
  try {
    const response = await fetch(url, init);
    const session = response.headers.get('mcp-session-id') === null ? 'no session' : 'a session';
    return `${response.status}, ${session}: ${await response.text()}`;
  } catch (error) {
    return `kept from the page: ${String(error)}`;
  }
}

/** @returns `open`, or `refused`. */
function openWebSocket(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'mcp');
    socket.addEventListener('open', () => {
      socket.close();
      resolve('open');
    });
    socket.addEventListener('error', () => resolve('refused'));
  });
}

export const PAGE = { use, ask, openWebSocket };
export type Page = typeof PAGE;

Object.assign(globalThis, { page: PAGE });
