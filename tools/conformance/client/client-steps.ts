import type { Client } from '@modelcontextprotocol/client';

/** What the steps of a scenario work with. */
export interface Stage {
  /** Connected, to the suite itself or to Omni in front of it. */
  readonly client: Client;
  /**
   * False when Omni stands between: then it is Omni that must keep the rules, and the client does what a
   * careless one would do.
   */
  readonly isDirect: boolean;
  /** The calls that the suite wants, for the scenarios that say so. */
  readonly toolCalls: readonly ToolCall[];
}

/** One call of a tool, as the suite hands it over in `MCP_CONFORMANCE_CONTEXT`. */
export interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

type Steps = (stage: Stage) => Promise<void>;

/**
 * What a client does in each scenario of the suite. The suite judges what reaches its server; the steps
 * reject when an answer does not come back as the suite gave it.
 */
export const CLIENT_STEPS: Readonly<Record<string, Steps>> = {
  initialize: async ({ client }) => void (await client.listTools()),

  tools_call: async ({ client }) => {
    await client.listTools();
    await expectText(client, { name: 'add_numbers', arguments: { a: 5, b: 3 } }, 'The sum of 5 and 3 is 8');
  },

  // The client fills the defaults in: see createClient.
  'elicitation-sep1034-client-defaults': async ({ client }) => {
    await client.listTools();
    await client.callTool({ name: 'test_client_elicitation_defaults', arguments: {} });
  },

  'sse-retry': async ({ client }) => {
    await client.listTools();
    await expectText(
      client,
      { name: 'test_reconnection', arguments: {} },
      'Reconnection test completed successfully',
    );
  },

  'request-metadata': async ({ client }) => void (await client.listTools()),

  'sep-2322-client-request-state': async ({ client }) => {
    await client.listTools();
    await expectText(client, { name: 'test_mrtr_echo_state', arguments: {} }, 'echo-state-ok');
    await expectText(client, { name: 'test_mrtr_no_state', arguments: {} }, 'no-state-ok');
    await expectText(client, { name: 'test_mrtr_unrelated', arguments: {} }, 'unrelated-ok');
    // The client of the SDK refuses a result without a type; the suite only asks that it is not taken for a
    // question.
    await client.callTool({ name: 'test_mrtr_no_result_type', arguments: {} }).catch(() => {});
  },

  'http-standard-headers': async ({ client }) => {
    const { tools } = await client.listTools();
    for (const { name } of tools) await client.callTool({ name, arguments: {} });
    const { resources } = await client.listResources();
    for (const { uri } of resources) await client.readResource({ uri });
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts) await client.getPrompt({ name, arguments: {} });
    expectTrue(
      tools.length === 2 && resources.length === 2 && prompts.length === 1,
      'the lists are not those of the suite',
    );
  },

  'http-custom-headers': async ({ client, toolCalls }) => {
    await client.listTools();
    expectTrue(toolCalls.length > 0, 'the suite names no calls');
    for (const { name, arguments: values } of toolCalls) {
      await expectText(client, { name, arguments: { ...values } }, 'Custom headers test completed');
    }
  },

  'http-invalid-tool-headers': async ({ client, isDirect }) => {
    // The SDK leaves out the invalid tools by itself, unless it is asked for the plain answer.
    const { tools } = isDirect ? await client.listTools() : await client.request({ method: 'tools/list' });
    for (const { name } of tools) await client.callTool({ name, arguments: { region: 'us-west1' } });
    expectTrue(tools.length === 1, `${tools.length} tools are listed`);
    for (const name of isDirect ? [] : INVALID_TOOLS) await expectRefusal(client, name);
  },

  'json-schema-ref-no-deref': async ({ client }) => {
    const { tools } = await client.listTools();
    expectTrue(tools.length === 1, 'the tool is not listed');
  },

  'json-schema-2020-12-preservation': async ({ client }) => {
    const { tools } = await client.listTools();
    const schema = tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema;
    await expectText(client, { name: 'json_schema_echo', arguments: { schema } }, 'echoed');
  },
};

/** Tools of the suite's server that a client must not use. */
const INVALID_TOOLS = [
  'invalid_empty_header',
  'invalid_object_header',
  'invalid_duplicate_diff_case',
  'invalid_colon_in_name',
];

async function expectRefusal(client: Client, name: string): Promise<void> {
  const isRefused = await client.callTool({ name, arguments: { value: 'x' } }).then(
    () => false,
    () => true,
  );
  expectTrue(isRefused, `${name} can be called`);
}

async function expectText(
  client: Client,
  call: { name: string; arguments: Record<string, unknown> },
  text: string,
): Promise<void> {
  const { content } = await client.callTool(call);
  const told = content.map((block) => (block.type === 'text' ? block.text : block.type));
  expectTrue(told.length === 1 && told[0] === text, `${call.name} answered ${JSON.stringify(told)}`);
}

function expectTrue(isFine: boolean, otherwise: string): void {
  if (!isFine) throw new Error(otherwise);
}
