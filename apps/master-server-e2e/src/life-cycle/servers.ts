import { eventually } from '../harness/eventually.ts';
import { childrenOf, type SeenProcess } from '../harness/processes.ts';
import { postModern, type RawAnswer } from '../harness/raw-mcp.ts';
import type { Omni } from '../harness/start-omni.ts';

/** Part of what `/servers/NAME` says. */
export interface ServerPage {
  readonly status: string;
  readonly details: {
    readonly state: string;
    readonly health_status: string;
    readonly circuit_state: string;
    readonly health: { readonly action: string; readonly summary: string };
    readonly lastError?: { readonly code: string; readonly message: string };
    readonly retryInMs?: number;
    readonly tools: number;
    readonly ownerReports?: readonly { readonly id: string; readonly lines: readonly string[] }[];
  };
}

export async function serverPage({ origin }: Omni, name: string): Promise<ServerPage> {
  // The document of Omni.
  return (await (await fetch(`${origin}/servers/${name}`)).json()) as ServerPage;
}

/** Waits until a server is in this state, in the words of `/servers/NAME`. */
export async function whenServerIs(
  omni: Omni,
  name: string,
  { status, state }: { readonly status?: string; readonly state?: string },
  withinMs = 20_000,
): Promise<ServerPage> {
  return await eventually(
    `"${name}" is ${status ?? state}`,
    async () => {
      const page = await serverPage(omni, name);
      return (
        (status === undefined || page.status === status) &&
        (state === undefined || page.details.state === state) &&
        page
      );
    },
    withinMs,
  );
}

/** The processes of servers that this Omni has started itself; it has others. */
export function serversOf(omni: Omni): readonly SeenProcess[] {
  return childrenOf(omni.process.pid).filter(({ command }) => command.includes('scripted-upstream'));
}

export async function callTool({ url }: Omni, name: string, args = '{}'): Promise<RawAnswer> {
  const params = `"name":"${name}","arguments":${args}`;
  return await postModern(url, { id: '1', method: 'tools/call', name, params });
}

/** Names of all tools that are listed. */
export async function listedTools({ url }: Omni): Promise<readonly string[]> {
  const { text } = await postModern(url, { id: '1', method: 'tools/list' });
  // The answer to tools/list.
  return (JSON.parse(text) as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name);
}
