import { afterAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import {
  errorOf,
  legacyCall,
  openRawSession,
  postModern,
  type RawAnswer,
  textOf,
} from '../harness/raw-mcp.ts';
import { type ConfigurationLike, type Omni, startOmni, startOmniIn } from '../harness/start-omni.ts';
import { scriptedEntry } from '../harness/upstream-entries.ts';
import { startMoodyUpstream } from './moody-upstream.ts';

afterAll(endEverything, 30_000);

interface Call {
  readonly id?: string;
  /** JSON. */
  readonly args?: string;
  readonly key?: string;
  readonly signal?: AbortSignal;
}

function callTool(
  url: string,
  tool: string,
  { id = '1', args = '{"n":1}', key, signal }: Call = {},
): Promise<RawAnswer> {
  const meta = key === undefined ? '' : `"io.omni/idempotency-key":"${key}"`;
  const params = `"name":"${tool}","arguments":${args}`;
  const request = { id, method: 'tools/call', name: tool, params, meta };
  return postModern(url, request, signal === undefined ? {} : { signal });
}

function dataOf({ text }: RawAnswer): Record<string, unknown> | undefined {
  // Answers of these tests are JSON-RPC.
  return (JSON.parse(text) as { error?: { data?: Record<string, unknown> } }).error?.data;
}

/** The example of the page, for this server. */
async function exampleFor(url: string): Promise<ConfigurationLike> {
  const page = new URL('../../../../docs/routing/outcome.md', import.meta.url);
  // An example of Omni's own configuration.
  const example = parse(/```yaml\n(.*?)```/s.exec(await readFile(page, 'utf8'))?.[1] ?? '') as {
    mcpServers: { up: Record<string, unknown> };
  };
  return { ...example, mcpServers: { up: { ...example.mcpServers.up, url, protocol: '2026-07-28' } } };
}

/** Omni ends without a word. */
async function killed(omni: Omni): Promise<void> {
  omni.process.signal('SIGKILL');
  await omni.process.ended;
}

describe('a call whose server is killed before it has answered', () => {
  it('has an unknown outcome, by an id that the log and the event have; a safe one fails as ever [S003-RT-03]', async () => {
    const args = ['--era', 'modern', '--read-only-tool', 'never'];
    const safe = { routing: { trustHints: true, retry: { attempts: 1 } } };
    const omni = await startOmni({
      mcpServers: { unsafe: scriptedEntry(args), safe: scriptedEntry(args, safe) },
    });
    await omni.ready();
    const tools = ['unsafe', 'safe'];
    const running = tools.map((name) => callTool(omni.url, `${name}__never`));
    for (const name of tools) {
      // It is on its way before the signal: both go through the same connection in order.
      const pid = textOf((await callTool(omni.url, `${name}__pid`)).text);
      process.kill(Number(pid), 'SIGKILL');
    }
    const [cut, failed] = await Promise.all(running);
    expect(errorOf(failed?.text)).toMatchObject({ omni: 'OMNI_UPSTREAM_EXITED', cause: undefined });
    expect(errorOf(cut?.text)).toMatchObject({
      omni: 'OMNI_OUTCOME_UNKNOWN',
      cause: 'OMNI_UPSTREAM_EXITED',
      message: expect.stringMatching(/^The call may have run: .*SIGKILL/),
    });
    const { operation } = dataOf(cut as RawAnswer) ?? {};
    expect(operation).toMatch(/^[0-9a-z]{16}$/);
    await eventually('log and event', () => {
      const lines = omni.process.logs();
      const hasIt = (line: Record<string, unknown>): boolean => line['operation'] === operation;
      return (
        lines.some((line) => hasIt(line) && line['code'] === 'OMNI_OUTCOME_UNKNOWN') &&
        lines.some((line) => hasIt(line) && line['event'] === 'request.outcome_unknown')
      );
    });
  });

  it('has one for a legacy client, too, and when it is Omni that ends', async () => {
    const omni = await startOmni({
      server: { drain: '100ms' },
      mcpServers: { one: scriptedEntry(), two: scriptedEntry() },
    });
    await omni.ready();
    const session = await openRawSession(omni.url);
    const running = session.send(legacyCall('1', 'one__never'));
    const crashed = await session.send(legacyCall('2', 'two__crash', '{"text":"boom"}'));
    expect(errorOf(crashed.messages.at(-1))).toMatchObject({
      omni: 'OMNI_OUTCOME_UNKNOWN',
      cause: 'OMNI_UPSTREAM_EXITED',
    });
    await session.send(legacyCall('3', 'one__pid'));
    await omni.process.stop();
    expect(errorOf((await running).messages.at(-1))).toMatchObject({
      omni: 'OMNI_OUTCOME_UNKNOWN',
      cause: 'OMNI_SHUTTING_DOWN',
    });
  });
});

describe('a call with an idempotency key', () => {
  it('is made once: its answer is there byte for byte, also when Omni was killed since', async () => {
    const upstream = await startMoodyUpstream();
    const omni = await startOmni(await exampleFor(upstream.url));
    await omni.ready();
    const args = '{"n":1.0, "é":"\\u0000"}';
    const first = await callTool(omni.url, 'up__echo', { args, key: 'k1' });
    expect(first.text).toContain(`"structuredContent":${args}`);
    expect((await callTool(omni.url, 'up__echo', { args, key: 'k1' })).text).toBe(first.text);
    const other = await callTool(omni.url, 'up__echo', { args: '{"n":2}', key: 'k1' });
    expect(errorOf(other.text)?.omni).toBe('OMNI_IDEMPOTENCY_KEY_REUSED');
    await killed(omni);

    const next = await startOmniIn(omni);
    await next.ready();
    const again = await callTool(next.url, 'up__echo', { id: '"seven"', args, key: 'k1' });
    expect(again.text).toBe(first.text.replace('"id":1', '"id":"seven"'));
    expect(upstream.calls).toEqual(['echo']);
  });

  it('is unknown when Omni is killed during it, and is never made again [S003-RT-03]', async () => {
    const upstream = await startMoodyUpstream();
    upstream.moods.push('silence');
    const entry = { type: 'http', url: upstream.url, protocol: '2026-07-28' };
    const omni = await startOmni({ mcpServers: { up: entry } });
    await omni.ready();
    const running = callTool(omni.url, 'up__echo', { key: 'k1' }).catch(() => 'cut');
    await eventually('the server has the call', () => upstream.calls.length === 1);
    await killed(omni);
    expect(await running).toBe('cut');

    const next = await startOmniIn(omni);
    await next.ready();
    const answers = [
      await callTool(next.url, 'up__echo', { key: 'k1' }),
      await callTool(next.url, 'up__echo', { key: 'k1' }),
    ];
    for (const { text } of answers) expect(errorOf(text)?.omni).toBe('OMNI_OUTCOME_UNKNOWN');
    expect(new Set(answers.map((answer) => dataOf(answer)?.['operation'])).size).toBe(1);
    expect(upstream.calls).toHaveLength(1);
    const fresh = await callTool(next.url, 'up__echo', { key: 'k2' });
    expect(fresh.text).toContain('"structuredContent":{"n":1}');
  });

  it('is unknown with the same operation once its deadline has cut it', async () => {
    const upstream = await startMoodyUpstream();
    upstream.moods.push('silence');
    const omni = await startOmni(await exampleFor(upstream.url));
    await omni.ready();
    const cut = await callTool(omni.url, 'up__echo', { key: 'k1' });
    expect(errorOf(cut.text)).toMatchObject({ omni: 'OMNI_OUTCOME_UNKNOWN', cause: 'OMNI_UPSTREAM_TIMEOUT' });
    expect((await callTool(omni.url, 'up__echo', { key: 'k1' })).text).toBe(cut.text);
    expect(upstream.calls).toHaveLength(1);
  });

  it('is unknown likewise where another server has it in place of its own', async () => {
    const [upstream, spare] = [await startMoodyUpstream(), await startMoodyUpstream()];
    spare.moods.push('silence');
    const entry = (url: string) => ({ type: 'http', url, protocol: '2026-07-28' });
    const routing = { deadline: '400ms', failover: ['spare'], rate: { rps: 0.001, burst: 1 } };
    const omni = await startOmni({
      mcpServers: { up: { ...entry(upstream.url), routing }, spare: entry(spare.url) },
    });
    await omni.ready();
    expect((await callTool(omni.url, 'up__echo')).text).toContain('"structuredContent"');
    const cut = await callTool(omni.url, 'up__echo', { key: 'k1' });
    expect(errorOf(cut.text)).toMatchObject({ omni: 'OMNI_OUTCOME_UNKNOWN', cause: 'OMNI_UPSTREAM_TIMEOUT' });
    expect((await callTool(omni.url, 'up__echo', { key: 'k1' })).text).toBe(cut.text);
    expect([upstream.calls.length, spare.calls.length]).toEqual([1, 1]);
  });

  it('finds its answer when the client had lost its connection', async () => {
    const omni = await startOmni({ mcpServers: { one: scriptedEntry(['--era', 'modern']) } });
    await omni.ready();
    const lost = new AbortController();
    const args = '{"ms":700,"text":"late"}';
    const first = callTool(omni.url, 'one__slow', { args, key: 'k1', signal: lost.signal }).catch(
      () => 'lost',
    );
    // The call is under way before this is answered.
    await callTool(omni.url, 'one__pid');
    lost.abort();
    expect(await first).toBe('lost');
    const again = await callTool(omni.url, 'one__slow', { id: '2', args, key: 'k1' });
    expect(textOf(again.text)).toBe('late');
  });

  it('is cancelled by a client that says so, and unknown from then on', async () => {
    const upstream = await startMoodyUpstream();
    upstream.moods.push('silence');
    const entry = { type: 'http', url: upstream.url, protocol: '2026-07-28' };
    const omni = await startOmni({ mcpServers: { up: entry } });
    await omni.ready();
    const session = await openRawSession(omni.url);
    const call = (id: string): Promise<RawAnswer> =>
      session.send(legacyCall(id, 'up__echo', '{"n":1}', '{"io.omni/idempotency-key":"k1"}'));
    void call('1').catch(() => {});
    await eventually('the server has the call', () => upstream.calls.length === 1);
    await session.send('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    const again = await call('3');
    expect(errorOf(again.messages.at(-1))).toMatchObject({
      omni: 'OMNI_OUTCOME_UNKNOWN',
      cause: 'OMNI_CANCELLED',
    });
  });

  it('is forgotten after the time that the settings say, and refused beyond their number', async () => {
    const upstream = await startMoodyUpstream();
    const entry = { type: 'http', url: upstream.url, protocol: '2026-07-28' };
    const storage = { callRetention: '1s', maxCalls: 2 };
    const omni = await startOmni({ storage, mcpServers: { up: entry } });
    await omni.ready();
    for (const key of ['k1', 'k2']) await callTool(omni.url, 'up__echo', { key });
    const refused = await callTool(omni.url, 'up__echo', { key: 'k3' });
    expect(dataOf(refused)).toMatchObject({ code: 'OMNI_OVERLOADED', retryAfterS: 1 });
    expect(upstream.calls).toHaveLength(2);
    await eventually('the first is forgotten', async () => {
      await callTool(omni.url, 'up__echo', { key: 'k1' });
      return upstream.calls.length === 3;
    });
  });

  it('is kept without an answer that is larger than the settings say', async () => {
    const upstream = await startMoodyUpstream();
    const entry = { type: 'http', url: upstream.url, protocol: '2026-07-28' };
    const omni = await startOmni({ storage: { maxCallBytes: 1_000 }, mcpServers: { up: entry } });
    await omni.ready();
    const args = JSON.stringify({ text: 'x'.repeat(2_000) });
    expect((await callTool(omni.url, 'up__echo', { args, key: 'k1' })).text).toContain('"structuredContent"');
    // Until the store has refused it, it is in memory.
    const refused = await eventually('it is not kept', async () =>
      errorOf((await callTool(omni.url, 'up__echo', { args, key: 'k1' })).text),
    );
    expect(refused).toMatchObject({
      omni: 'OMNI_OUTCOME_UNKNOWN',
      message: expect.stringContaining('storage.maxCallBytes'),
    });
    expect(upstream.calls).toHaveLength(1);
  });

  it('is refused where nothing outlives Omni', async () => {
    const upstream = await startMoodyUpstream();
    const entry = { type: 'http', url: upstream.url, protocol: '2026-07-28' };
    const omni = await startOmni({ storage: { url: 'memory:' }, mcpServers: { up: entry } });
    await omni.ready();
    const refused = await callTool(omni.url, 'up__echo', { key: 'k1' });
    expect(errorOf(refused.text)?.omni).toBe('OMNI_IDEMPOTENCY_UNAVAILABLE');
    expect(upstream.calls).toHaveLength(0);
    expect((await callTool(omni.url, 'up__echo')).text).toContain('"structuredContent":{"n":1}');
  });
});
