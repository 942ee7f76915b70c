import { afterAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { errorOf, postModern, textOf } from '../harness/raw-mcp.ts';
import { type ConfigurationLike, type Omni, startOmni, startOmniIn } from '../harness/start-omni.ts';
import { scriptedEntry, sdk1Entry } from '../harness/upstream-entries.ts';

afterAll(endEverything, 30_000);

const TASKS = '{"extensions":{"io.modelcontextprotocol/tasks":{}}}';

interface Asked {
  readonly method: string;
  /** Value of `Mcp-Name`. */
  readonly name?: string;
  /** Members as JSON. */
  readonly params?: string;
  readonly capabilities?: string;
  readonly meta?: string;
}

/** The whole answer. */
async function ask({ url }: Pick<Omni, 'url'>, request: Asked): Promise<string> {
  return (await postModern(url, { id: '1', capabilities: TASKS, ...request })).text;
}

/** What an answer of these tests has as its result. */
function resultOf(text: string): Record<string, unknown> {
  return (JSON.parse(text) as { result?: Record<string, unknown> }).result ?? {};
}

const callOf = (name: string, args = '{}'): Asked => ({
  method: 'tools/call',
  name,
  params: `"name":"${name}","arguments":${args}`,
});

const aboutTask = (method: string, id: string): Asked => ({ method, name: id, params: `"taskId":"${id}"` });

/** The example of the page, before the scripted servers. */
async function exampleFor(
  eras: readonly string[],
  server: Record<string, unknown> = {},
): Promise<ConfigurationLike> {
  const page = new URL('../../../../docs/routing/tasks.md', import.meta.url);
  // An example of Omni's own configuration.
  const example = parse(/```yaml\n(.*?)```/s.exec(await readFile(page, 'utf8'))?.[1] ?? '') as {
    mcpServers: { reports: { routing: Record<string, unknown> } };
  };
  const { routing } = example.mcpServers.reports;
  const servers = eras.map((era) => [era, scriptedEntry(['--era', era], { routing })]);
  return { ...example, server, mcpServers: Object.fromEntries(servers) as Record<string, unknown> };
}

async function started(omni: Omni, call: Asked): Promise<string> {
  const created = resultOf(await ask(omni, call));
  expect(created).toMatchObject({ resultType: 'task', status: 'working' });
  return String(created['taskId']);
}

async function ended(omni: Omni, id: string): Promise<string> {
  return await eventually('the task has ended', async () => {
    const text = await ask(omni, aboutTask('tasks/get', id));
    return resultOf(text)['status'] === 'working' ? undefined : text;
  });
}

/** Omni ends without a word, and starts again. */
async function killed(omni: Omni): Promise<Omni> {
  omni.process.signal('SIGKILL');
  await omni.process.ended;
  const next = await startOmniIn(omni);
  await next.ready();
  return next;
}

describe('a call that outlives routing.taskAfter', () => {
  it.each(['legacy', 'modern'])(
    'becomes a task at a %s server, whose result is there also when Omni was killed since [S003-RT-03]',
    async (era) => {
      const omni = await startOmni(await exampleFor([era]));
      await omni.ready();
      expect(resultOf(await ask(omni, { method: 'server/discover' }))).toMatchObject({
        capabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } },
      });
      const id = await started(omni, callOf(`${era}__slow`, '{"ms":900,"text":"late"}'));
      const end = await ended(omni, id);
      expect(resultOf(end)).toMatchObject({
        resultType: 'complete',
        status: 'completed',
        result: { resultType: 'complete', content: [{ type: 'text', text: 'late' }] },
      });
      // What is written is written in order: behind this, the end of the task is on the disk.
      const keyed = { ...callOf(`${era}__echo`), meta: '"io.omni/idempotency-key":"k1"' };
      expect(resultOf(await ask(omni, keyed))).toMatchObject({ resultType: 'complete' });
      const next = await killed(omni);
      expect(await ask(next, aboutTask('tasks/get', id))).toBe(end);
    },
  );

  it('is lost when Omni is killed during it, says so, and is not made again [S003-RT-03]', async () => {
    const omni = await startOmni(await exampleFor(['legacy']));
    await omni.ready();
    const id = await started(omni, callOf('legacy__never'));
    const next = await killed(omni);
    const lost = resultOf(await ask(next, aboutTask('tasks/get', id)));
    expect(lost).toMatchObject({ status: 'failed', error: { data: { code: 'OMNI_OUTCOME_UNKNOWN' } } });
    await eventually('the event', () =>
      next.process.logs().some((line) => line['event'] === 'request.outcome_unknown'),
    );
  });

  it('waits for its client when a legacy server asks it something', async () => {
    const routing = { taskAfter: '100ms', faults: { share: 1, delay: '600ms', end: 'none' } };
    const omni = await startOmni({ mcpServers: { one: { ...sdk1Entry(), routing } } });
    await omni.ready();
    const capabilities = `{"elicitation":{"form":{}},${TASKS.slice(1)}`;
    const id = await started(omni, { ...callOf('one__ask_form'), capabilities });
    const asking = resultOf(await ended(omni, id));
    expect(asking).toMatchObject({
      status: 'input_required',
      inputRequests: expect.anything(),
    });
    const [key] = Object.keys(asking['inputRequests'] as Record<string, unknown>);
    const answers = JSON.stringify({ [String(key)]: { action: 'accept', content: { name: 'Ada' } } });
    const update = aboutTask('tasks/update', id);
    const params = `${update.params},"inputResponses":${answers}`;
    expect(resultOf(await ask(omni, { ...update, params, capabilities }))).toEqual({
      resultType: 'complete',
    });
    const { result } = resultOf(await ended(omni, id));
    expect(result).toMatchObject({ content: [{ type: 'text', text: 'accept {"name":"Ada"}' }] });
  });

  it('has an unknown outcome when Omni is stopped during it', async () => {
    const omni = await startOmni(await exampleFor(['legacy'], { drain: '100ms' }));
    await omni.ready();
    const id = await started(omni, callOf('legacy__never'));
    await omni.process.stop();
    const next = await startOmniIn(omni);
    await next.ready();
    expect(resultOf(await ask(next, aboutTask('tasks/get', id)))).toMatchObject({
      status: 'failed',
      error: { data: { code: 'OMNI_OUTCOME_UNKNOWN', cause: expect.stringMatching(/^OMNI_/) } },
    });
  });

  it('is cancelled at its server by its client', async () => {
    const omni = await startOmni(await exampleFor(['legacy']));
    await omni.ready();
    const id = await started(omni, callOf('legacy__never'));
    expect(resultOf(await ask(omni, aboutTask('tasks/cancel', id)))).toEqual({ resultType: 'complete' });
    expect(resultOf(await ended(omni, id))).toMatchObject({ status: 'cancelled' });
  });

  it('stays a call where its client declares no tasks, and where it is faster', async () => {
    const omni = await startOmni(await exampleFor(['legacy']));
    await omni.ready();
    const slow = callOf('legacy__slow', '{"ms":500,"text":"late"}');
    expect(textOf(await ask(omni, { ...slow, capabilities: '{}' }))).toBe('late');
    expect(textOf(await ask(omni, callOf('legacy__slow', '{"ms":0,"text":"soon"}')))).toBe('soon');
    const refused = await ask(omni, { ...aboutTask('tasks/get', 'omni-task-1'), capabilities: '{}' });
    expect(errorOf(refused)?.omni).toBe('OMNI_CAPABILITY_MISSING');
    expect(errorOf(await ask(omni, aboutTask('tasks/get', 'omni-task-1')))?.omni).toBe('OMNI_NAME_UNKNOWN');
  });
});
