import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { errorOf } from '../harness/raw-mcp.ts';
import { exampleOf, start } from './routing-scene.ts';

afterAll(endEverything, 30_000);

describe('a call that fails', () => {
  it('is made again when the server has refused it with 429, and not when it may have run [S003-RT-03]', async () => {
    const { upstream, call } = await start(await exampleOf('retry.md'));
    upstream.moods.push({ status: 429, retryAfter: '0' }, { status: 429 });
    expect((await call()).text).toContain('"structuredContent":{"n":1}');
    expect(upstream.calls).toHaveLength(3);

    upstream.moods.push({ status: 503 });
    expect(errorOf((await call()).text)).toMatchObject({
      omni: 'OMNI_OUTCOME_UNKNOWN',
      cause: 'OMNI_UPSTREAM_HTTP_STATUS',
    });
    expect(upstream.calls).toHaveLength(4);
  });

  it('is made again as often as the settings say', async () => {
    const { upstream, call } = await start({ routing: { retry: { attempts: 1 } } });
    upstream.moods.push({ status: 429, retryAfter: '0' });
    expect(errorOf((await call()).text)?.omni).toBe('OMNI_UPSTREAM_HTTP_STATUS');
    expect(upstream.calls).toHaveLength(1);
  });
});

describe('a tool that fails again and again', () => {
  it('is left alone for a while, says when to come back, and costs its siblings nothing [S003-RT-02]', async () => {
    const { upstream, call } = await start(await exampleOf('breaker.md'));
    upstream.moods.push({ status: 500 }, { status: 500 });
    await call();
    await call();
    const refused = errorOf((await call()).text);
    expect(refused).toMatchObject({ omni: 'OMNI_CIRCUIT_OPEN' });
    expect(refused?.message).toContain('"echo" has failed several times in a row');
    expect(upstream.calls).toHaveLength(2);
    expect((await call('mirror')).text).toContain('"structuredContent":{"n":1}');
    await eventually('a trial has closed it', async () => (await call()).text.includes('structuredContent'));
    expect((await call()).text).toContain('"structuredContent":{"n":1}');
  });
});

describe('calls that come too fast', () => {
  it('to a server are refused behind a burst [S000-GRD-02]', async () => {
    const { upstream, call } = await start(await exampleOf('rates.md'));
    const answers = [await call(), await call(), await call()];
    expect(errorOf(answers[2]?.text ?? '')).toMatchObject({ omni: 'OMNI_RATE_LIMITED' });
    expect(upstream.calls).toHaveLength(2);
  });

  it('to a server wait for their turn where they may', async () => {
    const { upstream, call } = await start({ routing: { rate: { rps: 20, burst: 1 }, queue: { max: 10 } } });
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 5 }, () => call()));
    for (const { text } of answers) expect(text).toContain('"structuredContent":{"n":1}');
    // Four of them have waited for a token of 50 ms each.
    expect(performance.now() - begun).toBeGreaterThan(150);
    expect(upstream.calls).toHaveLength(5);
  });

  it('of one user are refused with 429 and Retry-After, whatever they are for [S000-GRD-02]', async () => {
    const { upstream, call } = await start({ limits: { userRate: { rps: 0.2, burst: 2 } } });
    const answers = [await call(), await call(), await call()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(errorOf(answers[2]?.text ?? '')).toMatchObject({ omni: 'OMNI_RATE_LIMITED' });
    expect(upstream.calls).toHaveLength(2);
  });
});

describe('a call that takes too long', () => {
  it('ends with its deadline, and is given up at its server [S003-RT-07]', async () => {
    const { upstream, call } = await start(await exampleOf('deadline.md'));
    upstream.moods.push('silence');
    const error = errorOf((await call()).text);
    expect(error).toMatchObject({ omni: 'OMNI_OUTCOME_UNKNOWN', cause: 'OMNI_UPSTREAM_TIMEOUT' });
    expect(error?.message).toContain('did not end within its deadline of 0.3 s');
    await eventually('it is given up', () => upstream.abandoned === 1);
  });
});
