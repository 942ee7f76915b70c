/**
 * The client that the suite starts for each of its client scenarios: connects, directly or through an Omni of
 * its own, does what the scenario wants and ends with 0. The suite adds the URL of its server, and tells the
 * rest in the environment.
 */
import {
  Client,
  StreamableHTTPClientTransport,
  type Transport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { parseArgs } from 'node:util';
import { prepareStdioOmni, startOmni } from '../omni-under-test.ts';
import { CLIENT_STEPS, type ToolCall } from './client-steps.ts';

/** Ends a scenario that hangs before the suite does, which would leave Omni behind. */
const TIME_LIMIT_MS = 25_000;

const { values, positionals } = parseArgs({
  options: { front: { type: 'string' }, era: { type: 'string' }, omni: { type: 'string' } },
  allowPositionals: true,
});
const {
  MCP_CONFORMANCE_SCENARIO: scenario = '',
  MCP_CONFORMANCE_PROTOCOL_VERSION: revision,
  MCP_CONFORMANCE_CONTEXT: context,
} = process.env;
const [url = ''] = positionals;
const isDirect = values.front === 'direct';

function negotiation(): VersionNegotiationMode {
  const era = values.era ?? (revision === '2026-07-28' ? 'modern' : 'legacy');
  if (era === 'legacy') return 'legacy';
  // The suite also tests what becomes of a refused revision; behind Omni that is for Omni to find out.
  return isDirect ? 'auto' : { pin: '2026-07-28' };
}

function createClient(): Client {
  const client = new Client(
    { name: 'conformance-client', version: '1.0.0' },
    {
      capabilities: {
        roots: { listChanged: true },
        sampling: {},
        elicitation: { form: { applyDefaults: true } },
      },
      versionNegotiation: { mode: negotiation() },
    },
  );
  client.setRequestHandler('elicitation/create', ({ params }) => {
    const asksToConfirm = 'requestedSchema' in params && 'confirmed' in params.requestedSchema.properties;
    return { action: 'accept', content: asksToConfirm ? { confirmed: true } : {} };
  });
  return client;
}

function toolCalls(): readonly ToolCall[] {
  // The shape is that of the suite; the steps fail when there is nothing in it.
  const parsed = JSON.parse(context ?? '{}') as { readonly toolCalls?: readonly ToolCall[] };
  return parsed.toolCalls ?? [];
}

interface Way {
  readonly transport: Transport;
  /** Takes down what stands between. */
  readonly close: () => Promise<void>;
}

async function openWay(): Promise<Way> {
  const upstream = { url };
  const options = { main: values.omni };
  switch (values.front) {
    case 'direct':
      return { transport: new StreamableHTTPClientTransport(new URL(url)), close: async () => {} };
    case 'http': {
      const omni = await startOmni(upstream, options);
      return {
        transport: new StreamableHTTPClientTransport(new URL('/mcp', omni.url)),
        close: () => omni.stop(),
      };
    }
    case 'stdio': {
      const { remove, ...server } = await prepareStdioOmni(upstream, options);
      return { transport: new StdioClientTransport(server), close: remove };
    }
    default:
      throw new Error('usage: main.ts --front direct|http|stdio [--era legacy|modern] [--omni FILE] URL');
  }
}

const steps = CLIENT_STEPS[scenario];
if (steps === undefined) throw new Error(`there are no steps for the scenario "${scenario}"`);
setTimeout(() => {
  process.stderr.write(`the scenario took more than ${TIME_LIMIT_MS} ms\n`);
  process.exit(1);
}, TIME_LIMIT_MS).unref();

const client = createClient();
const way = await openWay();
try {
  await client.connect(way.transport);
  await steps({ client, isDirect, toolCalls: toolCalls() });
} finally {
  await client.close();
  await way.close();
}
