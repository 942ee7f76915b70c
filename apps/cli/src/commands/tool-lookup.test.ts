import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import type { RpcConnection } from '../connection/rpc-message.ts';
import type { ServerStatus } from '../output/server-list.ts';
import type { Target } from '../connection/target.ts';
import { findTool } from './tool-lookup.ts';

const UP = {
  era: 'modern',
  tools: 1,
  resources: 0,
  prompts: 0,
  lastError: undefined,
  retryInMs: undefined,
  problems: [],
  withheld: [],
  ownerReports: [],
};
const OPTIONS = { signal: new AbortController().signal };

/** A gateway that knows nothing but names. */
function gateway(
  tools: Readonly<Record<string, readonly string[]>>,
  down: readonly ServerStatus[] = [],
): Target {
  const connection = (names: readonly string[]): RpcConnection => ({
    request: () => Promise.resolve({ tools: names.map((name) => ({ name, inputSchema: { title: name } })) }),
    close: () => Promise.resolve(),
  });
  const exposed = Object.entries(tools).flatMap(([server, names]) =>
    names.map((name) => `${server}__${name}`),
  );
  return {
    servers: () =>
      Promise.resolve([...Object.keys(tools).map((name) => ({ ...UP, name, state: 'ready' })), ...down]),
    connect: (server) => connection(server === undefined ? exposed : (tools[server] ?? [])),
    close: () => Promise.resolve(),
  };
}

async function failureOf(written: string, target: Target): Promise<GatewayError> {
  return await findTool(written, target, OPTIONS).then(
    () => new GatewayError('OMNI_INTERNAL', 'it was found'),
    (error: unknown) => GatewayError.from(error),
  );
}

const DEMO = gateway({ demo: ['count', 'picture'], 'my.files': ['read.it'] });

describe('findTool', () => {
  it.each(['demo/count', 'demo:count', 'demo.count', 'demo__count'])(
    'finds %s under its own name',
    async (written) => {
      expect(await findTool(written, DEMO, OPTIONS)).toMatchObject({
        name: 'count',
        inputSchema: { title: 'count' },
      });
    },
  );

  it.each(['my.files/read.it', 'my.files.read.it'])(
    'finds %s although names hold separators',
    async (written) => {
      expect(await findTool(written, DEMO, OPTIONS)).toMatchObject({ name: 'read.it' });
    },
  );

  it('finds a name that only clients see', async () => {
    const target: Target = { ...gateway({}), connect: () => gateway({ x: ['y_1a2b3c'] }).connect() };

    expect(await findTool('x__y_1a2b3c', target, OPTIONS)).toMatchObject({ name: 'x__y_1a2b3c' });
  });

  it('suggests a tool of the server and does not take it', async () => {
    expect(await failureOf('demo/cuont', DEMO)).toMatchObject({
      code: 'OMNI_NAME_UNKNOWN',
      message: 'The server "demo" has no tool "cuont"',
      hint: 'Did you mean demo/count?',
    });
  });

  it('names the tools when none is near', async () => {
    expect((await failureOf('demo/weather', DEMO)).hint).toBe('It has count, picture.');
  });

  it('suggests a server', async () => {
    expect(await failureOf('dmeo/count', DEMO)).toMatchObject({
      code: 'OMNI_SERVER_UNKNOWN',
      hint: 'Did you mean demo/count?',
    });
  });

  it('suggests the full name of a bare one', async () => {
    expect(await failureOf('count', DEMO)).toMatchObject({
      code: 'OMNI_NAME_UNKNOWN',
      hint: 'Did you mean demo__count?',
    });
  });

  it('asks back when a name fits two tools', async () => {
    const error = await failureOf('a.b.c', gateway({ a: ['b.c'], 'a.b': ['c'] }));

    expect(error).toMatchObject({ code: 'OMNI_NAME_AMBIGUOUS', hint: 'Use one of: a/b.c, a.b/c.' });
    expect(error.facts.exitCode).toBe(15);
  });

  it('says why a server is not up', async () => {
    const lastError = {
      code: 'OMNI_UPSTREAM_SPAWN_FAILED',
      message: '"uvx" is not there',
      hint: 'Install it.',
    };
    const error = await failureOf('gone/x', gateway({}, [{ ...UP, name: 'gone', state: 'down', lastError }]));

    expect(error).toMatchObject({
      code: 'OMNI_UPSTREAM_SPAWN_FAILED',
      message: 'The server "gone" is down: "uvx" is not there',
      hint: 'Install it.',
    });
    expect(error.facts.exitCode).toBe(11);
  });

  it.each([
    ['starting', 'OMNI_UPSTREAM_STARTING'],
    ['disabled', 'OMNI_UPSTREAM_DISABLED'],
    ['stopped', 'OMNI_UPSTREAM_DOWN'],
  ])('does not wait for a server that is %s', async (state, code) => {
    expect(await failureOf('s/x', gateway({}, [{ ...UP, name: 's', state }]))).toMatchObject({ code });
  });
});
