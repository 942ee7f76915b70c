import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import {
  errorOf,
  legacyCall,
  openRawSession,
  postModern,
  textOf,
  type RawAnswer,
} from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

afterAll(endEverything);

async function call({ url }: Omni, name: string, args = '{}'): Promise<RawAnswer> {
  return await postModern(url, {
    id: '1',
    method: 'tools/call',
    name,
    params: `"name":"${name}","arguments":${args}`,
  });
}

/** The lines that tell of a failure of an upstream. */
function failures(
  { process: it }: Omni,
  upstream: string,
): { attempts: number; retryInMs: number; code: string; msg: string }[] {
  // Lines of the logger that hold these fields.
  return it.logs().filter((line) => line['upstream'] === upstream && 'retryInMs' in line) as never;
}

describe('a server that crashes', () => {
  it('is started again after 500 ms, then after 1 s; what ran fails with how it ended, and others notice nothing', async () => {
    const omni = await startOmni({ mcpServers: { one: scriptedEntry(), other: scriptedEntry() } });
    await omni.ready();
    const other = textOf((await call(omni, 'other__pid')).text);
    const session = await openRawSession(omni.url);
    const pids: (string | undefined)[] = [textOf((await call(omni, 'one__pid')).text)];
    for (const leastMs of [500, 1_000]) {
      const running = session.send(legacyCall('1', 'one__slow', '{"ms":30000}'));
      const crashed = await call(omni, 'one__crash', '{"text":"segmentation fault, or so"}');
      const begin = performance.now();
      expect(errorOf(crashed.text)).toMatchObject({
        omni: 'OMNI_OUTCOME_UNKNOWN',
        cause: 'OMNI_UPSTREAM_EXITED',
      });
      expect(errorOf(crashed.text)?.message).toContain('exited with code 3');
      expect(errorOf((await running).messages.at(-1))?.cause).toBe('OMNI_UPSTREAM_EXITED');
      const down = await call(omni, 'one__pid');
      expect(errorOf(down.text)?.omni).toBe('OMNI_UPSTREAM_DOWN');
      expect(errorOf(down.text)?.message).toContain('exited with code 3');
      expect(textOf((await call(omni, 'other__pid')).text)).toBe(other);
      const pid = await eventually('it is back', async () => textOf((await call(omni, 'one__pid')).text));
      const tookMs = performance.now() - begin;
      expect(tookMs).toBeGreaterThan(leastMs - 50);
      // How long a process takes to start is the machine's affair; the pause before it is told.
      expect(tookMs).toBeLessThan(5_000);
      const pauseMs = failures(omni, 'one').at(-1)?.retryInMs;
      expect(pauseMs).toBeGreaterThanOrEqual(leastMs);
      expect(pauseMs).toBeLessThanOrEqual(leastMs * 1.1 + 1);
      expect(pids).not.toContain(pid);
      pids.push(pid);
    }
    // The session is the same one, and a legacy client goes on with it.
    expect(textOf((await session.send(legacyCall('2', 'one__pid'))).messages.at(-1))).toBe(pids.at(-1));
  });
});

describe('a server that is killed from outside', () => {
  it('comes back, and so does what is called then', async () => {
    const omni = await startOmni({ mcpServers: { one: scriptedEntry(['--era', 'modern']) } });
    await omni.ready();
    const pid = textOf((await call(omni, 'one__pid')).text);
    const running = call(omni, 'one__slow', '{"ms":30000}');
    // It is on its way before the signal: both go through the same connection in order.
    await call(omni, 'one__pid');
    process.kill(Number(pid), 'SIGKILL');
    expect(errorOf((await running).text)).toMatchObject({
      cause: 'OMNI_UPSTREAM_EXITED',
      message: expect.stringContaining('SIGKILL'),
    });
    await eventually(
      'readiness has heard of it',
      async () => (await fetch(`${omni.origin}/health/ready`)).status === 503,
    );
    const next = await eventually('it is back', async () => textOf((await call(omni, 'one__pid')).text));
    expect(next).not.toBe(pid);
    await omni.ready();
  });
});

describe('a server that dies at each start', () => {
  // guard: process/restart
  it('is tried again after 500 ms, 1 s and 2 s, each up to a tenth more, and says why [S000-PROC-04]', async () => {
    const omni = await startOmni({
      mcpServers: { dying: scriptedEntry(['--die', 'cannot open the database']) },
    });
    await eventually('the third failure', () => failures(omni, 'dying').length >= 3, 10_000);
    const told = failures(omni, 'dying').slice(0, 3);
    expect(told.map(({ attempts }) => attempts)).toEqual([0, 1, 2]);
    for (const [index, base] of [500, 1_000, 2_000].entries()) {
      expect(told[index]?.retryInMs).toBeGreaterThanOrEqual(base);
      expect(told[index]?.retryInMs).toBeLessThanOrEqual(base * 1.1 + 1);
    }
    expect(
      told.every(
        ({ msg, code }) => code === 'OMNI_UPSTREAM_EXITED' && /exited with code 3; .* as report/.test(msg),
      ),
    ).toBe(true);
    const health = await (await fetch(`${omni.origin}/health/ready`)).text();
    expect(health).toContain('cannot open the database');
    expect(omni.process.stderr).not.toContain('cannot open the database');
  });

  it('never shows the values of variables that its configuration refers to', async () => {
    const entry = scriptedEntry(['--die', 'the key is ${CANARY}'], { env: { API_KEY: '${CANARY}' } });
    const omni = await startOmni(
      { mcpServers: { dying: entry } },
      { environment: { CANARY: 's3cr3t-canary-value' } },
    );
    await eventually('the failure', () => failures(omni, 'dying').length >= 1);
    const health = await (await fetch(`${omni.origin}/health/ready`)).text();
    await omni.process.stop();
    expect(health).toContain('the key is ***');
    expect([health, omni.process.stderr].join('\n')).not.toContain('s3cr3t-canary-value');
  });
});
