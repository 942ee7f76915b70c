import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernHttp,
  type ClientOptions,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client as Sdk1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Sdk1Stdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as Sdk1Http } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { atEnd } from './end-everything.ts';
import { OMNI_ARGUMENTS, type OmniFolder } from './start-omni.ts';

/** Everything a client can be asked for. */
export const ALL_CAPABILITIES = {
  sampling: {},
  roots: { listChanged: true },
  elicitation: { form: {}, url: {} },
} as const;

export { Sdk1Client, ModernClient };

/** Starts Omni as the stdio server of a client. */
export interface StdioFront {
  readonly prepared: OmniFolder;
  /** Further arguments of `omni stdio`. */
  readonly args?: readonly string[];
}

type Target = string | StdioFront;

/** A client of the TypeScript SDK 1.x, not connected, that answers whatever it is asked. */
export function createSdk1Client(asked: string[] = []): Sdk1Client {
  const client = new Sdk1Client(
    { name: 'sdk1-client', version: '1.0.0' },
    { capabilities: ALL_CAPABILITIES },
  );
  client.setRequestHandler(CreateMessageRequestSchema, () => {
    asked.push('sampling');
    return { model: 'none', role: 'assistant', content: { type: 'text', text: 'Hello!' } };
  });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(`elicitation ${params.mode ?? 'form'}`);
    return params.mode === 'url' ? { action: 'accept' } : { action: 'accept', content: { name: 'Ada' } };
  });
  client.setRequestHandler(ListRootsRequestSchema, () => {
    asked.push('roots');
    return { roots: [{ uri: 'file:///work' }] };
  });
  return client;
}

/** Connects a client of the SDK 1.x; it is closed when the test file ends. */
export async function connectSdk1(
  target: Target,
  client: Sdk1Client = new Sdk1Client({ name: 'sdk1-client', version: '1.0.0' }),
  headers: Readonly<Record<string, string>> = {},
): Promise<Sdk1Client> {
  const transport =
    typeof target === 'string'
      ? new Sdk1Http(new URL(target), { requestInit: { headers: { ...headers } } })
      : new Sdk1Stdio(stdioParameters(target));
  atEnd(() => client.close());
  // The SDK's own classes do not fit its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Sdk1Client['connect']>[0]);
  return client;
}

/** Era of a client of the SDK 2.x: forced, or found by asking. */
export type ClientEra = 'legacy' | 'modern' | 'auto';

/** A client of the TypeScript SDK 2.x, not connected, that answers whatever it is asked. */
export function createModernClient(
  era: ClientEra,
  asked: string[] = [],
  options: ClientOptions = {},
): ModernClient {
  const mode = era === 'modern' ? { pin: '2026-07-28' } : era;
  const client = new ModernClient(
    { name: 'sdk2-client', version: '1.0.0' },
    { capabilities: ALL_CAPABILITIES, versionNegotiation: { mode }, ...options },
  );
  client.setRequestHandler('sampling/createMessage', () => {
    asked.push('sampling');
    return { model: 'none', role: 'assistant', content: { type: 'text', text: 'Hello!' } };
  });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(`elicitation ${params.mode ?? 'form'}`);
    return { action: 'accept', content: { name: 'Ada', color: 'blue', ok: true } };
  });
  client.setRequestHandler('roots/list', () => {
    asked.push('roots');
    return { roots: [{ uri: 'file:///work' }] };
  });
  return client;
}

/** Connects a client of the SDK 2.x; it is closed when the test file ends. */
export async function connectModern(
  target: Target,
  client: ModernClient = createModernClient('modern'),
): Promise<ModernClient> {
  const transport =
    typeof target === 'string' ? new ModernHttp(new URL(target)) : new ModernStdio(stdioParameters(target));
  atEnd(() => client.close());
  await client.connect(transport);
  return client;
}

function stdioParameters({ prepared, args = [] }: StdioFront): {
  command: string;
  args: string[];
  env: Record<string, string>;
  stderr: 'ignore';
} {
  return {
    command: process.execPath,
    args: [...OMNI_ARGUMENTS, 'stdio', '--config', prepared.configFile, ...args],
    env: prepared.environment,
    stderr: 'ignore',
  };
}
