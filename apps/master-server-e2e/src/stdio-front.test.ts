import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything, atEnd } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { canSeeProcesses, childrenOf, remaining } from './harness/processes.ts';
import { errorOf, legacyCall, modernRequest, textOf } from './harness/raw-mcp.ts';
import { connectModern, connectSdk1, createModernClient, createSdk1Client } from './harness/sdk-clients.ts';
import { OMNI_ARGUMENTS, StartedProcess, writeConfiguration, type OmniFolder } from './harness/start-omni.ts';
import { fixtureEntry, scriptedEntry, sdk1Entry } from './harness/upstream-entries.ts';

let prepared: OmniFolder;

beforeAll(async () => {
  prepared = await writeConfiguration({
    mcpServers: { sdk1: sdk1Entry(), fixture: fixtureEntry(), scripted: scriptedEntry() },
  });
});

afterAll(endEverything);

const HELLO =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}';

/** Omni on pipes, and the lines that it writes. */
function startStdio(
  args: readonly string[] = [],
  folder = prepared,
): { readonly omni: StartedProcess; readonly lines: () => string[]; send(text: string): void } {
  const omni = new StartedProcess(
    process.execPath,
    [...OMNI_ARGUMENTS, 'stdio', '--config', folder.configFile, ...args],
    folder.environment,
  );
  atEnd(async () => void (await omni.stop()));
  return {
    omni,
    lines: () => {
      // Waiting for lines that never come would hide why.
      if ((omni.child.exitCode ?? 0) !== 0)
        throw new Error(`Omni ended with ${omni.child.exitCode}:\n${omni.stderr}`);
      return omni.stdout.split('\n').filter((line) => line !== '');
    },
    send: (text) => void omni.child.stdin?.write(`${text}\n`),
  };
}

/**
 * The line that answers a request: notifications about servers that have come may stand before and behind it.
 */
function answerTo(id: number, lines: readonly string[]): string | undefined {
  return lines.find((line) => (JSON.parse(line) as { id?: unknown }).id === id);
}

describe('omni stdio', () => {
  it('serves a client on SDK 1.x, questions of the servers included', async () => {
    const asked: string[] = [];
    const client = await connectSdk1({ prepared }, createSdk1Client(asked));
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['sdk1__add', 'fixture__test_simple_text', 'scripted__echo']),
    );
    expect(await client.callTool({ name: 'sdk1__ask_form' })).toMatchObject({
      content: [{ text: 'accept {"name":"Ada"}' }],
    });
    expect(asked).toEqual(['elicitation form']);
  });

  for (const era of ['modern', 'auto', 'legacy'] as const) {
    it(`serves a client on SDK 2.x in ${era} mode`, async () => {
      const asked: string[] = [];
      const client = await connectModern({ prepared }, createModernClient(era, asked));
      const { content } = await client.callTool({
        name: 'fixture__test_input_required_result_multi_round',
        arguments: {},
      });
      expect(content).toEqual([{ type: 'text', text: 'Your favorite color is blue.' }]);
      expect(asked.length).toBe(2);
    });
  }

  it('shows one server alone under its own names with --server', async () => {
    const client = await connectSdk1({ prepared, args: ['--server', 'scripted'] });
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
    expect(await client.callTool({ name: 'echo', arguments: { x: 1 } })).toMatchObject({
      structuredContent: { x: 1 },
    });
  });

  it('waits for its servers when a client subscribes to a resource before it has listed any', async () => {
    const { lines, send } = startStdio();
    send(HELLO);
    send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    send('{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"test://note"}}');
    const answer = await eventually(
      'the answer',
      () => lines().find((line) => line.includes('"id":1,')),
      8_000,
    );
    expect(JSON.parse(answer)).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  });

  it('takes both eras on the same pipe, and writes nothing but messages to stdout [PROTO-R08]', async () => {
    const { omni, lines, send } = startStdio(['--log-level', 'debug']);
    send(HELLO);
    send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    send(legacyCall('"legacy"', 'scripted__echo', '{"n":9007199254740993}'));
    send(
      modernRequest({
        id: '"modern"',
        method: 'tools/call',
        params: '"name":"scripted__echo","arguments":{"n":1.0}',
      }).body,
    );
    send('no message');
    const ids = (): unknown[] =>
      lines().flatMap((line) =>
        'id' in (JSON.parse(line) as object) ? [(JSON.parse(line) as { id: unknown }).id] : [],
      );
    await eventually('all answers', () => ids().length >= 4);
    expect(new Set(ids())).toEqual(new Set([0, 'legacy', 'modern', null]));
    expect(omni.stdout).toContain('"structuredContent":{"n":9007199254740993}');
    expect(omni.stdout).toContain('"structuredContent":{"n":1.0}');
    expect(omni.logs().length).toBeGreaterThan(0);
  });

  // The clients of both SDKs lose progress that is read together with the answer, also without Omni: this one
  // reads lines.
  it('keeps the order of progress and loses none, not even the last', async () => {
    const { lines, send } = startStdio(['--server', 'scripted']);
    send(HELLO);
    send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    send(legacyCall('1', 'progress', '{"steps":50}', '{"progressToken":"p"}'));
    await eventually('the answer', () => lines().some((line) => line.includes('"id":1,')));
    const own = lines().filter((line) => line.includes('"progressToken"') || line.includes('"id":1,'));
    expect(own.slice(0, 50).map((line) => (JSON.parse(line) as { params: unknown }).params)).toEqual(
      Array.from({ length: 50 }, (_, step) => ({ progressToken: 'p', progress: step + 1, total: 50 })),
    );
    expect(textOf(own[50])).toBe('done');
  });

  it('answers what runs when the client closes the pipe, then takes its children along and exits with 0', async () => {
    const { omni, lines, send } = startStdio();
    send(HELLO);
    send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    await eventually('the session', () => answerTo(0, lines()));
    const children = canSeeProcesses ? childrenOf(omni.pid) : [];
    send(legacyCall('1', 'scripted__slow', '{"ms":500}'));
    omni.child.stdin?.end();
    expect(await omni.ended).toEqual({ code: 0, signal: null });
    expect(textOf(answerTo(1, lines()))).toBe('done');
    expect(remaining(children)).toEqual([]);
  });

  it('does not wait for a client that has closed the pipe to answer a question', async () => {
    const { omni, lines, send } = startStdio();
    send(HELLO.replace('"capabilities":{}', '"capabilities":{"roots":{}}'));
    send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    send(legacyCall('1', 'sdk1__ask_roots'));
    await eventually('the question', () => lines().some((line) => line.includes('"roots/list"')));
    omni.child.stdin?.end();
    expect(await omni.ended).toEqual({ code: 0, signal: null });
    // The tool went on and told of it; without that the call would have been cut off at the end of the drain.
    expect(answerTo(1, lines())).toContain('"isError":true');
  });

  it('stops at a signal in the same way', async () => {
    const { omni, lines, send } = startStdio();
    send(HELLO);
    await eventually('the session', () => answerTo(0, lines()));
    omni.signal('SIGTERM');
    expect(await omni.ended).toEqual({ code: 0, signal: null });
  });

  it('says what to do first to a client that begins with something else', async () => {
    const { lines, send } = startStdio();
    send(legacyCall('1', 'scripted__echo'));
    const refusal = await eventually('the refusal', () => answerTo(1, lines()));
    expect(errorOf(refusal)).toMatchObject({ code: -32600, omni: 'OMNI_SESSION_NOT_INITIALIZED' });
  });
});
