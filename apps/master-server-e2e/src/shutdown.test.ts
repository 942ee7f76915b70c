import { afterAll, describe, expect, it } from '@jest/globals';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { canSeeProcesses, childrenOf, remaining } from './harness/processes.ts';
import {
  errorOf,
  legacyCall,
  modernRequest,
  openRawSession,
  post,
  postModern,
  textOf,
  type RawAnswer,
} from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';
import { CALL_ID } from './load/load-client.ts';
import { startLoadUpstream } from './load/load-upstream.ts';

afterAll(endEverything, 30_000);

function slowCall(ms: number): { id: string; method: string; name: string; params: string } {
  return {
    id: '7',
    method: 'tools/call',
    name: 'one__slow',
    params: `"name":"one__slow","arguments":{"ms":${ms}}`,
  };
}

async function start(drain: string, upstreamArgs: readonly string[] = []): Promise<Omni> {
  const omni = await startOmni({ server: { drain }, mcpServers: { one: scriptedEntry(upstreamArgs) } });
  await omni.ready();
  return omni;
}

async function inFlight({ origin }: Omni): Promise<number> {
  // The health document of Omni.
  const { details } = (await (await fetch(`${origin}/health/ready`)).json()) as {
    details: { protocol: { inFlight: number } };
  };
  return details.protocol.inFlight;
}

/** Starts a call and waits until it runs. */
async function startCall(omni: Omni, ms: number): Promise<{ readonly answer: Promise<RawAnswer> }> {
  const answer = postModern(omni.url, slowCall(ms));
  answer.catch(() => {});
  await eventually('the call runs', async () => (await inFlight(omni)) === 1);
  return { answer };
}

describe('the stop of Omni', () => {
  it('turns readiness off, takes nothing new, finishes what runs, ends listens in order, takes the children along and exits with 0 [S003-SD-01] [S003-RM-03]', async () => {
    const omni = await start('10s', ['--ignore-eof']);
    const children = canSeeProcesses ? childrenOf(omni.process.pid) : [];
    const listen = modernRequest({
      id: '"sub"',
      method: 'subscriptions/listen',
      params: '"notifications":{"toolsListChanged":true}',
    });
    const listening = post(omni.url, listen.body, { headers: listen.headers });
    const session = await openRawSession(omni.url);
    const legacy = session.send(legacyCall('8', 'one__slow', '{"ms":1000}'));
    const answer = postModern(omni.url, slowCall(1_000));
    await eventually('both calls run', async () => (await inFlight(omni)) === 2);
    // A connection from before the stop is still there, and is told.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await getOn(agent, `${omni.origin}/health/ready`)).status).toBe(200);
    omni.process.signal('SIGTERM');
    await eventually('Omni knows', () => omni.process.stderr.includes('stopping'));
    const late = await getOn(agent, `${omni.origin}/health/ready`).catch(() => ({ status: 'refused' }));
    expect([503, 'refused']).toContain(late.status);
    await expect(fetch(`${omni.origin}/health/live`)).rejects.toThrow();
    expect(textOf((await answer).text)).toBe('done');
    expect(textOf((await legacy).messages.at(-1))).toBe('done');
    const ended = (await listening).messages.map(
      (text) => JSON.parse(text) as { id?: unknown; method?: string; result?: unknown },
    );
    expect(ended[0]?.method).toBe('notifications/subscriptions/acknowledged');
    expect(ended.at(-1)).toMatchObject({ id: 'sub', result: { resultType: 'complete' } });
    expect(await omni.process.ended).toEqual({ code: 0, signal: null });
    expect(remaining(children)).toEqual([]);
    agent.destroy();
  });

  it('says of what is not finished by the deadline that it may have run', async () => {
    const omni = await start('300ms');
    const { answer } = await startCall(omni, 20_000);
    const begin = performance.now();
    omni.process.signal('SIGTERM');
    const answered = await answer;
    expect(errorOf(answered.text)?.omni).toBe('OMNI_OUTCOME_UNKNOWN');
    expect(answered.text).toContain('"cause":"OMNI_SHUTTING_DOWN"');
    expect(await omni.process.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - begin).toBeLessThan(6_000);
  });

  it('hurries at a signal a second later [S000-SHD-01]', async () => {
    const omni = await start('60s');
    const { answer } = await startCall(omni, 20_000);
    omni.process.signal('SIGTERM');
    await eventually('the stop has begun', () => omni.process.stderr.includes('stopping'));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const begin = performance.now();
    omni.process.signal('SIGINT');
    expect((await answer).text).toContain('"cause":"OMNI_SHUTTING_DOWN"');
    expect(await omni.process.ended).toEqual({ code: 1, signal: null });
    expect(performance.now() - begin).toBeLessThan(3_000);
  });

  it('refuses new requests on old connections meanwhile', async () => {
    const omni = await start('10s');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await getOn(agent, `${omni.origin}/health/live`);
    const { answer } = await startCall(omni, 800);
    omni.process.signal('SIGTERM');
    await eventually('the stop has begun', () => omni.process.stderr.includes('stopping'));
    const late = await postOn(agent, omni.url, slowCall(1)).catch(() => undefined);
    if (late !== undefined) {
      expect(late.status).toBe(503);
      expect(errorOf(late.text)?.omni).toBe('OMNI_SHUTTING_DOWN');
    }
    expect(textOf((await answer).text)).toBe('done');
    expect((await omni.process.ended).code).toBe(0);
    agent.destroy();
  });

  it.each([
    ['waits for', undefined, 12_000_000],
    ['cuts at a signal a second later', 'SIGINT', 0],
  ] as const)('%s a client that still reads a complete answer', async (_what, second, atLeast) => {
    const upstream = await startLoadUpstream();
    const omni = await startOmni({
      server: { drain: '60s' },
      mcpServers: { load: { type: 'http', url: upstream.url } },
    });
    await omni.ready();
    const { body, headers } = modernRequest({
      ...{ id: CALL_ID, method: 'tools/call', name: 'load__big' },
      params: `"name":"load__big","arguments":{"bytes":12000000,"id":"last"}`,
    });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const all = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      };
      request(omni.url, { method: 'POST', headers: all }, resolve).on('error', reject).end(body);
    });
    omni.process.signal('SIGTERM');
    await eventually('the stop has begun', () => omni.process.stderr.includes('stopping'));
    // Longer than streams have that were told to end.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if (second !== undefined) {
      omni.process.signal(second);
      expect((await omni.process.ended).code).toBe(1);
    }
    let read = 0;
    const isComplete = await new Promise<boolean>((resolve) => {
      response.on('data', (chunk: Buffer) => (read += chunk.byteLength));
      response.on('end', () => resolve(true)).on('error', () => resolve(false));
    });
    expect(isComplete).toBe(second === undefined);
    expect(read).toBeGreaterThan(atLeast);
    expect((await omni.process.ended).code).toBe(second === undefined ? 0 : 1);
  });

  it('leaves SIGHUP alone', async () => {
    const omni = await start('1s');
    omni.process.signal('SIGHUP');
    await eventually('Omni says so', () => omni.process.stderr.includes('SIGHUP'));
    expect((await fetch(`${omni.origin}/health/ready`)).status).toBe(200);
  });
});

describe('the health pages', () => {
  it('have their aliases', async () => {
    const omni = await start('1s');
    for (const path of ['/health/live', '/healthz', '/livez', '/health/ready', '/readyz', '/ready']) {
      const response = await fetch(omni.origin + path);
      expect([path, response.status]).toEqual([path, 200]);
      expect([path, response.headers.get('content-type')]).toEqual([path, 'application/health+json']);
      expect(await response.json()).toMatchObject({ status: 'pass' });
    }
    expect((await fetch(`${omni.origin}/health`)).status).toBe(404);
  });
});

async function getOn(
  agent: Agent,
  url: string,
): Promise<{ readonly status: number | string | undefined; readonly text: string }> {
  return await new Promise((resolve, reject) => {
    get(url, { agent }, (response) => resolve(wholeOf(response))).on('error', reject);
  });
}

async function postOn(
  agent: Agent,
  url: string,
  call: Parameters<typeof modernRequest>[0],
): Promise<{ readonly status: number | string | undefined; readonly text: string }> {
  const { body, headers } = modernRequest(call);
  return await new Promise((resolve, reject) => {
    const all = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    };
    request(url, { agent, method: 'POST', headers: all }, (response) => resolve(wholeOf(response)))
      .on('error', reject)
      .end(body);
  });
}

async function wholeOf(
  response: IncomingMessage,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode, text };
}
