import { afterAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { errorOf, type RawAnswer } from '../harness/raw-mcp.ts';
import { exampleOf, type RoutingScene, start } from './routing-scene.ts';

afterAll(endEverything, 30_000);

const SERVER = fileURLToPath(new URL('batching-server.mjs', import.meta.url));

async function several(scene: RoutingScene, count: number): Promise<readonly RawAnswer[]> {
  return await Promise.all(Array.from({ length: count }, () => scene.call()));
}

describe('requests that ask for the same at the same time', () => {
  it('are run once where the settings say so, and all are answered', async () => {
    const { upstream, call } = await start(await exampleOf('coalescing.md'));
    upstream.moods.push('held');
    const answers = [call()];
    await eventually('the server has the first', () => upstream.calls.length === 1);
    answers.push(call(), call());
    // What differs is answered, behind those.
    for (let time = 0; time < 2; time++) expect((await call('mirror')).text).toContain('"x-mirror":{"n":1}');
    upstream.letGo();
    for (const { text } of await Promise.all(answers)) expect(text).toContain('"structuredContent":{"n":1}');
    expect(upstream.calls).toEqual(['echo', 'mirror', 'mirror']);
  });

  it.each([
    ['nothing is said', { trustHints: true }],
    ['the server is not trusted', { coalesce: { followers: 20 } }],
  ])('are run by themselves where %s', async (_what, routing) => {
    const scene = await start({ routing });
    await several(scene, 3);
    expect(scene.upstream.calls).toHaveLength(3);
  });
});

describe('faults on purpose', () => {
  it('hold calls up, and say so in what is answered and in the log', async () => {
    const { omni, call } = await start(await exampleOf('faults.md'));
    const begun = performance.now();
    expect((await call()).text).toContain('"omni/fault":"delay"');
    expect(performance.now() - begun).toBeGreaterThan(190);
    expect(omni.process.stderr).toContain('routing.faults is on');
  });

  it.each([
    ['error', 0],
    ['abort', 1],
  ])('make calls fail by %s', async (end, reached) => {
    const { upstream, call } = await start({ routing: { faults: { share: 1, end } } });
    expect(errorOf((await call()).text)).toMatchObject({
      omni: 'OMNI_OUTCOME_UNKNOWN',
      cause: 'OMNI_FAULT_INJECTED',
    });
    await eventually('the server has what was sent', () => upstream.calls.length === reached);
  });
});

describe('calls to a server of revision 2025-03-26', () => {
  const together = async (routing: Record<string, unknown>): Promise<readonly (string | undefined)[]> => {
    const scene = await start({ routing }, { command: process.execPath, args: [SERVER] });
    return (await several(scene, 3)).map(({ text }) => /"text":"(\d)"/.exec(text)?.[1]);
  };

  it('are sent together where the settings say so [S003-PH-10]', async () => {
    const { routing = {} } = await exampleOf('batching.md');
    for (const counted of await together(routing)) expect(counted).toBeDefined();
    expect(await together({ batch: { max: 3, window: '20s' } })).toEqual(['3', '3', '3']);
  });

  it('are sent one by one where nothing is said', async () => {
    expect(await together({})).toEqual(['1', '1', '1']);
  });
});
