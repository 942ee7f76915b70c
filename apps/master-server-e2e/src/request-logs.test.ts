import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { legacyCall, openRawSession, postModern, textOf } from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

afterAll(endEverything);

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const CANARY = 'argument-canary-7d1c';

function call(name: string, args = '{}', meta = ''): Parameters<typeof postModern>[1] {
  return { id: '1', method: 'tools/call', name, params: `"name":"${name}","arguments":${args}`, meta };
}

async function start(...args: string[]): Promise<Omni> {
  const omni = await startOmni(
    { mcpServers: { one: scriptedEntry() } },
    { args: ['--listen', '127.0.0.1:0', ...args] },
  );
  await omni.ready();
  return omni;
}

/** Lines that tell of one request each. */
function requestLines({ process: it }: Omni): Record<string, unknown>[] {
  return it.logs().filter(({ msg }) => msg === 'request');
}

describe('the log', () => {
  // guard: process/log-arguments
  it('has one line for each request at debug, with request, session and trace, and without arguments [S003-LG-01]', async () => {
    const omni = await start('--log-level', 'debug');
    await postModern(omni.url, call('one__echo', `{"x":"${CANARY}"}`), {
      headers: { traceparent: TRACEPARENT },
    });
    await postModern(`${omni.url}/one`, call('fail'));
    await postModern(omni.url, call('absent'));
    const session = await openRawSession(omni.url);
    await session.send(legacyCall('1', 'one__echo', `{"x":"${CANARY}"}`, `{"traceparent":"${TRACEPARENT}"}`));
    const lines = await eventually('five lines', () =>
      requestLines(omni).length === 5 ? requestLines(omni) : undefined,
    );
    expect(lines).toMatchObject([
      {
        level: 'debug',
        principal: 'anonymous',
        traceId: TRACE,
        method: 'tools/call',
        outcome: 'ok',
        requestId: expect.any(String),
        ms: expect.any(Number),
      },
      { scope: 'one', outcome: '-32042' },
      { outcome: 'OMNI_NAME_UNKNOWN' },
      { method: 'initialize', outcome: 'ok' },
      { sessionId: expect.stringMatching(/^http-\d+$/), traceId: TRACE, outcome: 'ok' },
    ]);
    expect(lines[0]).not.toHaveProperty('sessionId');
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(5);
    await omni.process.stop();
    expect(omni.process.stderr).not.toContain(CANARY);
    // The id that a client shows is as good as a password.
    expect(omni.process.stderr).not.toContain(session.id);
  });

  it('names who has asked, and never by a token', async () => {
    const token = 'token-of-ada-0123456789abcdef0123456789';
    const omni = await startOmni(
      { auth: { mode: 'token', tokens: [{ name: 'ada', token }] }, mcpServers: { one: scriptedEntry() } },
      { args: ['--listen', '127.0.0.1:0', '--log-level', 'debug'] },
    );
    await omni.ready();
    const headers = { authorization: `Bearer ${token}` };
    await postModern(omni.url, call('one__echo'), { headers });
    const session = await openRawSession(omni.url, { headers });
    await session.send(legacyCall('1', 'one__crash', '{}'));
    const lines = await eventually('three lines', () =>
      requestLines(omni).length === 3 ? requestLines(omni) : undefined,
    );
    expect(lines.map(({ principal, method, outcome }) => [principal, method, outcome])).toEqual([
      ['ada', 'tools/call', 'ok'],
      ['ada', 'initialize', 'ok'],
      ['ada', 'tools/call', 'OMNI_OUTCOME_UNKNOWN'],
    ]);
    await omni.process.stop();
    expect(omni.process.stderr).not.toContain(token);
  });

  it('tells of failures of servers at warn, and of nothing else that went well', async () => {
    const omni = await start();
    const session = await openRawSession(omni.url);
    await session.send(legacyCall('1', 'one__echo', '{}'));
    await session.send(legacyCall('2', 'one__crash', '{"text":"out of memory"}'));
    const line = await eventually('the line', () =>
      omni.process
        .logs()
        .find(({ cause, requestId }) => cause === 'OMNI_UPSTREAM_EXITED' && requestId !== undefined),
    );
    expect(line).toMatchObject({
      code: 'OMNI_OUTCOME_UNKNOWN',
      operation: expect.stringMatching(/^[0-9a-z]{16}$/),
      level: 'warn',
      sessionId: expect.any(String),
      method: 'tools/call',
    });
    expect(line['msg']).toMatch(/exited with code 3; .* as report [0-9a-f]{8}$/);
    expect(omni.process.stderr).not.toContain('out of memory');
    expect(requestLines(omni)).toEqual([]);
    expect(omni.process.stdout).toBe('');
  });

  it('is not flooded by failures', async () => {
    const omni = await start();
    const running = Array.from({ length: 50 }, () => postModern(omni.url, call('one__never')));
    await eventually('all run', async () => {
      // The health document of Omni.
      const { details } = (await (await fetch(`${omni.origin}/health/ready`)).json()) as {
        details: { protocol: { inFlight: number } };
      };
      return details.protocol.inFlight === running.length;
    });
    await postModern(omni.url, call('one__crash'));
    const answers = await Promise.all(running);
    expect(answers.filter(({ text }) => textOf(text) === undefined)).toHaveLength(running.length);
    const suppressed = await eventually('the count', () =>
      omni.process.logs().find((line) => 'suppressed' in line),
    );
    const told = omni.process.logs().filter(({ requestId }) => requestId !== undefined).length;
    expect(told).toBeLessThanOrEqual(20);
    expect(suppressed['suppressed']).toBeGreaterThan(0);
  });
});
