import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { postModern, type RawAnswer } from '../harness/raw-mcp.ts';
import { type Omni, startOmni } from '../harness/start-omni.ts';
import { type MoodyUpstream, startMoodyUpstream } from './moody-upstream.ts';

const OWNER = 'a-token-of-the-owner-for-this-test';
const TOKEN = 'a-token-of-ada-for-this-test';

/** An Omni before one moody server. */
export interface RoutingScene {
  readonly omni: Omni;
  readonly upstream: MoodyUpstream;
  /** Show who the owner is. */
  readonly headers: Readonly<Record<string, string>>;
  call(tool?: string): Promise<RawAnswer>;
  /** Text of the list of tools. */
  list(): Promise<string>;
}

/** Settings beside the servers, and of the one server. */
export interface Settings {
  readonly limits?: Record<string, unknown>;
  readonly routing?: Record<string, unknown>;
  /** Variables of Omni. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The example of a page in docs/routing. */
export async function exampleOf(page: string): Promise<Settings> {
  const text = await readFile(new URL(`../../../../docs/routing/${page}`, import.meta.url), 'utf8');
  // An example of Omni's own configuration.
  const example = parse(/```yaml\n(.*?)```/s.exec(text)?.[1] ?? '') as {
    limits?: Record<string, unknown>;
    mcpServers: { up: { routing: Record<string, unknown> } };
  };
  return { limits: example.limits ?? {}, routing: example.mcpServers.up.routing };
}

/** @param entryOf - Default: the moody upstream. */
export async function start(
  { limits = {}, routing = {}, environment = {} }: Settings,
  entryOf?: Readonly<Record<string, unknown>>,
): Promise<RoutingScene> {
  const upstream = await startMoodyUpstream();
  const entry = { ...(entryOf ?? { type: 'http', url: upstream.url, protocol: '2026-07-28' }), routing };
  const tokens = [{ name: 'ada', token: TOKEN }];
  const auth = { mode: 'token', token: OWNER, tokens };
  // What the server never answers is not waited for at the end.
  const server = { drain: '100ms' };
  const omni = await startOmni({ server, auth, limits, mcpServers: { up: entry } }, { environment });
  await omni.ready();
  const call = (tool = 'echo'): Promise<RawAnswer> =>
    postModern(
      omni.url,
      {
        id: '1',
        method: 'tools/call',
        name: `up__${tool}`,
        params: `"name":"up__${tool}","arguments":{"n":1}`,
      },
      { headers: { authorization: `Bearer ${TOKEN}` } },
    );
  const list = async (): Promise<string> =>
    (
      await postModern(
        omni.url,
        { id: '1', method: 'tools/list' },
        { headers: { authorization: `Bearer ${TOKEN}` } },
      )
    ).text;
  return { omni, upstream, headers: { authorization: `Bearer ${OWNER}` }, call, list };
}
