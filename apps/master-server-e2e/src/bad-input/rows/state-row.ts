import { jsonOf } from '../answer-text.ts';
import { ENVELOPE, modernPost, MODERN } from '../request-bytes.ts';
import type { Row, RowContext } from '../row.ts';

const TOOL = 'fixture__test_input_required_result_request_state';
const OTHER_TOOL = 'fixture__test_input_required_result_tampered_state';
const AT_ONCE = 8;

interface Round {
  readonly result?: { readonly resultType?: string; readonly requestState?: string };
  readonly error?: { readonly code: number };
}

async function round(context: RowContext, tool: string, state: string | undefined): Promise<Round> {
  const answered =
    state === undefined
      ? ''
      : `"inputResponses":{"confirm":{"action":"accept","content":{"ok":true}}},"requestState":${JSON.stringify(state)},`;
  const meta = ENVELOPE.replace('clientCapabilities":{}', 'clientCapabilities":{"elicitation":{"form":{}}}');
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":{},${answered}"_meta":{${meta}}}}`;
  const { answers } = await context.send(
    modernPost(body, [
      ['Mcp-Name', tool],
      ['MCP-Protocol-Version', MODERN],
    ]),
  );
  // Only these members are looked at, and each is checked where it is.
  return JSON.parse(jsonOf(answers[0])) as Round;
}

/** A first round. @returns The state that the server wants back. */
async function stateOf(context: RowContext): Promise<string> {
  const { result } = await round(context, TOOL, undefined);
  if (result?.requestState === undefined) throw new Error(`no state: ${JSON.stringify(result)}`);
  return result.requestState;
}

async function refusals(context: RowContext, states: readonly string[]): Promise<readonly string[]> {
  const problems: string[] = [];
  const queue = states.map((state, at) => ({ state, at }));
  const work = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const { error } = await round(context, TOOL, one.state);
      if (error?.code !== -32602) problems.push(`number ${one.at}: ${JSON.stringify(error)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return problems;
}

/** Another character that the same alphabet has. */
function flipped(state: string, at: number): string {
  const other = state[at] === 'A' ? 'B' : 'A';
  return state.slice(0, at) + other + state.slice(at + 1);
}

/** States of requests that go through several rounds, which the server signs. */
export const STATE_ROW: Row = {
  id: 'H34',
  title: 'request states that are not as the server made them',
  withinMs: 10_000,
  cases: [
    {
      name: 'as it was: accepted',
      run: async (context) => {
        const { result } = await round(context, TOOL, await stateOf(context));
        return result?.resultType === 'complete' ? [] : [JSON.stringify(result)];
      },
    },
    {
      name: 'every character flipped',
      run: async (context) => {
        const state = await stateOf(context);
        // The last character of Base64 may hold bits that mean nothing.
        return await refusals(
          context,
          Array.from({ length: state.length - 1 }, (_, at) => flipped(state, at)),
        );
      },
    },
    {
      name: 'cut at every eighth character, doubled, empty, of something else',
      run: async (context) => {
        const state = await stateOf(context);
        const cuts = Array.from({ length: Math.floor(state.length / 8) }, (_, at) => state.slice(0, at * 8));
        return await refusals(context, [...cuts, state + state, ` ${state}`, 'null', '{}', '__proto__']);
      },
    },
    {
      name: 'of another tool',
      run: async (context) => {
        const { error, result } = await round(context, OTHER_TOOL, await stateOf(context));
        return error?.code === -32602 || result !== undefined ? [] : [JSON.stringify(error)];
      },
    },
    {
      name: 'as a number, and of a megabyte',
      run: async (context) => await refusals(context, ['7', 'x'.repeat(1_048_576)]),
    },
  ],
  note: 'The state belongs to the server: Omni passes it on unread and passes the refusal back. Whether it is bound to a tool or a user, and may be used twice, is decided there.',
};
