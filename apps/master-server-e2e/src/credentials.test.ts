import { afterAll, describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { createNodeMasterServer, parseConfigurationText } from '@omni/container/node';
import { ScriptedCredentials } from '@omni/testing';
import { transportOf } from './harness/embedded-client.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { startSteppingServer } from './harness/stepping-server.ts';
import { startTokenGate } from './harness/token-gate.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

afterAll(endEverything);

/** A gateway with one server `up`, whose credentials the test changes, and a client of it. */
async function serve(entry: Readonly<Record<string, unknown>>) {
  const credentials = new ScriptedCredentials();
  const configuration = parseConfigurationText(
    JSON.stringify({ mcpServers: { up: entry } }),
    'omni.json',
    {},
  );
  const rotate = (token: string): void =>
    credentials.set('up', { headers: { Authorization: `Bearer ${token}` }, environment: { TOKEN: token } });
  rotate('first-token');
  const server = await createNodeMasterServer({ configuration, credentials, logLevel: 'silent' });
  atEnd(() => server.stop({ deadlineMs: 0 }));
  await server.start();
  const client = new Client({ name: 'host', version: '1.0.0' });
  await client.connect(transportOf(server.connect()));
  await eventually('the tools', async () => (await client.listTools()).tools.length > 0);
  const call = async (name: string, args: Record<string, unknown> = {}): Promise<string> => {
    const { content } = await client.callTool({ name: `up__${name}`, arguments: args });
    // The tools of these servers answer with one text.
    return (content as { readonly text: string }[])[0]?.text ?? '';
  };
  return { server, client, credentials, rotate, call };
}

describe.each(['http', 'sse'] as const)('a header that changes, over %s', (transport) => {
  it('is sent with what follows, while calls go on and the open stream is opened again', async () => {
    const upstream = await startSteppingServer(transport);
    const gate = await startTokenGate(upstream.url, 'first-token', 'second-token');
    const { client, rotate, call } = await serve({ url: gate.url });
    const changes: unknown[] = [];
    client.setNotificationHandler(ToolListChangedNotificationSchema, (change) => void changes.push(change));
    await eventually('the stream', () => gate.requests.includes('GET first-token'));
    const running = call('steps', { count: 1 });
    await eventually('the running call', () => upstream.calls() === 1);
    const others = Array.from({ length: 20 }, async (_, index) => {
      if (index === 10) rotate('second-token');
      return await call('steps', { count: 0 });
    });
    expect(new Set(await Promise.all(others))).toEqual(new Set(['took 0 steps']));
    await eventually('the stream with the new header', () => gate.requests.includes('GET second-token'));
    gate.good.delete('first-token');
    await eventually('a call with the new header', async () => {
      await call('steps', { count: 0 });
      return gate.requests.at(-1) === 'POST second-token';
    });
    upstream.step();
    expect(await running).toBe('took 1 steps');
    expect(gate.requests.filter((request) => request.endsWith('401'))).toEqual([]);
    changes.length = 0;
    upstream.addTool('late');
    await eventually('the change on the new stream', () => changes.length > 0);
  });
});

describe('a header that a server refuses', () => {
  it('is asked for once more, and no call fails', async () => {
    const upstream = await startSteppingServer('http');
    const gate = await startTokenGate(upstream.url, 'first-token');
    const { credentials, rotate, call } = await serve({ url: gate.url });
    credentials.onRefused = async () => {
      await new Promise(setImmediate);
      rotate('second-token');
    };
    gate.good.clear();
    gate.good.add('second-token');
    const calls = await Promise.all(Array.from({ length: 8 }, () => call('steps', { count: 0 })));
    expect(new Set(calls)).toEqual(new Set(['took 0 steps']));
    expect(credentials.refused).toEqual([{ Authorization: 'Bearer first-token' }]);
    expect(gate.requests.filter((request) => request.endsWith('401')).length).toBeLessThanOrEqual(8);
  });

  it('is told as what it is, without its value, when there is no better one', async () => {
    const upstream = await startSteppingServer('http');
    const gate = await startTokenGate(upstream.url, 'first-token');
    const { rotate, call } = await serve({ url: gate.url });
    gate.good.clear();
    rotate('second-token');
    const failure: unknown = await call('steps', { count: 0 }).catch((error: unknown) => error);
    expect(String(failure)).toContain('answered with HTTP status 401: not ***');
    expect(JSON.stringify(failure)).toContain('headers of mcpServers.up');
    expect(String(failure) + JSON.stringify(failure)).not.toMatch(/(?:first|second)-token/);
  });
});

describe('an environment that changes', () => {
  it('starts another process for new calls; the former one ends with its last call', async () => {
    const { call, rotate } = await serve(scriptedEntry());
    const former = Number(await call('pid'));
    const running = call('slow', { ms: 1_500, text: 'finished' });
    rotate('second-token');
    const next = await eventually('the next process', async () => {
      const pid = Number(await call('pid'));
      return pid !== former && pid;
    });
    expect(isAlive(former)).toBe(true);
    expect(await running).toBe('finished');
    await eventually('the end of the former process', () => !isAlive(former));
    expect(isAlive(next)).toBe(true);
    expect(Number(await call('pid'))).toBe(next);
  });

  it('shows neither the former value nor the one in force in the last words of the process', async () => {
    const { server, call, rotate } = await serve(scriptedEntry());
    const former = Number(await call('pid'));
    rotate('second-token');
    await eventually('the next process', async () => Number(await call('pid')) !== former);
    await call('crash', {
      text: 'had first-token, has second-token, not other-token',
    }).catch(() => {});
    const lines = server
      .upstreams()
      .flatMap(({ ownerReports }) => ownerReports.flatMap((report) => report.lines));
    expect(lines).toEqual(['had ***, has ***, not other-token']);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
