import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { canSeeProcesses, childrenOf, remaining } from './harness/processes.ts';
import { postModern, textOf } from './harness/raw-mcp.ts';
import { type Omni, startOmni } from './harness/start-omni.ts';
import { scriptedEntry, type UpstreamEntry } from './harness/upstream-entries.ts';

afterAll(endEverything, 30_000);

/** What is promised of the built program on a machine with nothing else to do. */
const READY_MS = 3_000;
/** In a variable, so that it stands nowhere in the source. */
const CANARY = 'canary-secret';

/** A server that starts and never says anything. */
function silentEntry(more: UpstreamEntry = {}): UpstreamEntry {
  return { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], ...more };
}

function many(count: number, entry: UpstreamEntry): Record<string, UpstreamEntry> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, entry]));
}

/** Runs a module in the process of Omni, before Omni. */
function importing(module: string): { readonly environment: Readonly<Record<string, string>> } {
  return {
    environment: { CANARY, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(module)}` },
  };
}

async function statusOf({ origin }: Omni, path: string): Promise<number> {
  return (await fetch(origin + path)).status;
}

describe('the start of Omni', () => {
  it('is over within 3 s, whatever servers do [S003-PF-01] [S003-ST-11]', async () => {
    const idle = performance.now();
    await (await startOmni({ mcpServers: {} })).ready();
    const alone = performance.now() - idle;
    const begin = performance.now();
    const omni = await startOmni({ mcpServers: many(10, silentEntry({ critical: false })) });
    await omni.ready();
    expect(performance.now() - begin).toBeLessThan(
      // Where other work slows everything down, it is still no matter of servers.
      Math.max(READY_MS, 4 * alone),
    );
    const answer = await fetch(`${omni.origin}/servers`);
    expect(await answer.json()).toMatchObject({ status: 'degraded' });
  });

  it('lives, and is ready for those who ask for less, while a critical server is not there [S003-ST-10]', async () => {
    const omni = await startOmni({
      mcpServers: { slow: silentEntry(), off: silentEntry({ disabled: true }) },
    });
    await eventually('it is open', async () => (await statusOf(omni, '/ready?scope=core')) === 200);
    expect(await statusOf(omni, '/health/live')).toBe(200);
    expect(await statusOf(omni, '/health/ready')).toBe(503);
    expect(await statusOf(omni, '/ready?scope=critical')).toBe(503);
    expect(await statusOf(omni, '/ready?scope=all')).toBe(503);
    expect(await statusOf(omni, '/ready?scope=everything')).toBe(400);
    const head = await fetch(`${omni.origin}/ready?scope=core`, { method: 'HEAD' });
    expect([head.status, head.headers.get('cache-control'), await head.text()]).toEqual([
      200,
      'no-store',
      '',
    ]);
    const server = await fetch(`${omni.origin}/servers/slow`);
    expect(await server.json()).toMatchObject({ name: 'slow', critical: true });
    expect(await (await fetch(`${omni.origin}/servers/off`)).json()).toMatchObject({ status: 'disabled' });
    expect(await statusOf(omni, '/servers/nobody')).toBe(404);
    const components = await (await fetch(`${omni.origin}/health/components`)).json();
    expect(JSON.stringify(components)).toMatch(/"name":"upstream:slow".*"name":"protocol"/);
  });

  it('does not count servers that are switched off [S000-API-02]', async () => {
    const omni = await startOmni({
      mcpServers: { one: scriptedEntry(), off: silentEntry({ disabled: true }) },
    });
    await omni.ready();
    expect(await statusOf(omni, '/ready?scope=all')).toBe(200);
    expect(await statusOf(omni, '/ready?scope=all&probe=1')).toBe(200);
  });
});

describe('the end of Omni', () => {
  it('leaves nothing behind that would keep the process alive [S003-SD-03] [S000-SHD-05]', async () => {
    // Emitted only when nothing is left to do, and never by process.exit().
    const module = "process.on('beforeExit', () => process.stderr.write('nothing is left\\n'))";
    const omni = await startOmni({ mcpServers: { one: scriptedEntry() } }, importing(module));
    await omni.ready();
    omni.process.signal('SIGTERM');
    expect(await omni.process.ended).toEqual({ code: 0, signal: null });
    expect(omni.process.stderr).toMatch(/omni: stopped\n.*nothing is left\n$/s);
    // The last line of the log is there.
    expect(omni.process.logs().at(-1)).toMatchObject({ msg: 'Omni has stopped' });
  });

  it('waits for servers to end, and no longer [S000-SHD-03]', async () => {
    const slowEnd = "process.stdin.on('end', () => setTimeout(() => {}, 1000))";
    const entry = scriptedEntry();
    const args = [
      `--import=data:text/javascript,${encodeURIComponent(slowEnd)}`,
      ...(entry['args'] as string[]),
    ];
    const omni = await startOmni({ mcpServers: { slow: { ...entry, args } } });
    await omni.ready();
    const children = canSeeProcesses ? childrenOf(omni.process.pid) : [];
    const begin = performance.now();
    omni.process.signal('SIGTERM');
    expect((await omni.process.ended).code).toBe(0);
    const tookMs = performance.now() - begin;
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(4_000);
    expect(remaining(children)).toEqual([]);
  });

  it.each([
    ['an exception', 'throw new TypeError(process.env.CANARY)'],
    ['a rejection outside of all requests', 'void Promise.reject(new TypeError(process.env.CANARY))'],
  ])(
    'comes within 2 s after %s that nobody catches, with 1, and lets calls finish [S003-ST-03]',
    async (_what, fault) => {
      const module = `process.on('SIGUSR2', () => setTimeout(() => { ${fault} }))`;
      const omni = await startOmni({ mcpServers: { one: scriptedEntry() } }, importing(module));
      await omni.ready();
      const children = canSeeProcesses ? childrenOf(omni.process.pid) : [];
      const params = '"name":"one__slow","arguments":{"ms":800}';
      const answer = postModern(omni.url, { id: '7', method: 'tools/call', name: 'one__slow', params });
      await eventually('the call runs', async () => {
        const { details } = (await (await fetch(`${omni.origin}/health/ready`)).json()) as {
          details: { protocol: { inFlight: number } };
        };
        return details.protocol.inFlight === 1;
      });
      const begin = performance.now();
      omni.process.signal('SIGUSR2');
      expect(textOf((await answer).text)).toBe('done');
      expect(await omni.process.ended).toEqual({ code: 1, signal: null });
      expect(performance.now() - begin).toBeLessThan(4_000);
      expect(omni.process.stderr).toContain('omni: crashed, uncaught TypeError');
      expect(omni.process.stderr).not.toContain(CANARY);
      await eventually('the servers have ended', () => remaining(children).length === 0);
    },
  );

  it('does not come after such a rejection where it is to be isolated', async () => {
    const module = "process.on('SIGUSR2', () => void Promise.reject(new TypeError(process.env.CANARY)))";
    const omni = await startOmni({ errors: { onUnknown: 'isolate' }, mcpServers: {} }, importing(module));
    omni.process.signal('SIGUSR2');
    await eventually('it says so', () => omni.process.stderr.includes('a rejection that nobody waits for'));
    expect(await statusOf(omni, '/health/live')).toBe(200);
    expect(omni.process.stderr).not.toContain(CANARY);
  });
});
