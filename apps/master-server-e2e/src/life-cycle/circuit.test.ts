import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd, endEverything } from '../harness/end-everything.ts';
import { eventually } from '../harness/eventually.ts';
import { errorOf } from '../harness/raw-mcp.ts';
import { type Omni, startOmni, StartedProcess } from '../harness/start-omni.ts';
import { SCRIPTED_UPSTREAM } from '../harness/upstream-entries.ts';
import { callTool, serverPage, type ServerPage, whenServerIs } from './servers.ts';

afterAll(endEverything, 30_000);

const OMNI_COMMAND = fileURLToPath(new URL('../../../cli/bin/omni.mjs', import.meta.url));
/** Long enough to look at page and command meanwhile, also where other work slows them down. */
const WAIT_S = 15;

type ListedServer = { readonly name: string } & ServerPage['details'];

/** What `omni ls -o json` says of the servers of this Omni. */
async function listedBy({ origin, environment }: Omni): Promise<readonly ListedServer[]> {
  const args = [OMNI_COMMAND, 'ls', '--url', origin, '-o', 'json'];
  const listing = new StartedProcess(process.execPath, args, environment);
  listing.child.stdin?.end();
  await listing.ended;
  if (listing.stdout === '') throw new Error(listing.stderr);
  // The JSON of the command.
  return JSON.parse(listing.stdout) as ListedServer[];
}

describe('a server that fails again and again', () => {
  it('opens the circuit with the fifth attempt that fails; pages and omni ls say when the next is; a trial closes it [S001-NF-06] [S000-GRD-08]', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
    atEnd(() => rm(folder, { recursive: true, force: true }));
    const starts = join(folder, 'starts');
    const database = join(folder, 'database');
    const script = `echo start >>'${starts}'; [ -e '${database}' ] || exit 3; exec '${process.execPath}' '${SCRIPTED_UPSTREAM}'`;
    const startCount = async (): Promise<number> => (await readFile(starts, 'utf8')).split('\n').length - 1;
    const omni = await startOmni({
      circuit_breaker: { recovery_timeout: WAIT_S },
      restart: { steps: ['50ms', '50ms', '50ms', '50ms', '50ms'] },
      mcpServers: { weak: { command: '/bin/sh', args: ['-c', script], protocol: 'legacy', critical: false } },
    });
    const opened = performance.now();
    const { details } = await eventually('the circuit is open', async () => {
      const page = await serverPage(omni, 'weak');
      return page.details.circuit_state === 'open' && page;
    });
    // The failure that begins an outage is no attempt to end it.
    expect(await startCount()).toBe(6);
    expect(details).toMatchObject({
      state: 'down',
      health_status: 'circuit_open',
      lastError: { code: 'OMNI_UPSTREAM_EXITED' },
    });
    expect(details.retryInMs).toBeGreaterThan(1_000);
    expect(details.retryInMs).toBeLessThanOrEqual(WAIT_S * 1_100 + 1);

    const [listed] = await listedBy(omni);
    expect(listed).toMatchObject({ name: 'weak', health_status: 'circuit_open', circuit_state: 'open' });
    expect(listed?.retryInMs).toBeGreaterThan(0);
    expect(listed?.retryInMs).toBeLessThan(details.retryInMs ?? 0);
    expect(await startCount()).toBe(6);
    // What it offers nobody knows; the endpoint of its own says why.
    const refused = errorOf((await callTool({ ...omni, url: `${omni.url}/weak` }, 'pid')).text);
    expect(refused?.omni).toMatch(/OMNI_UPSTREAM_DOWN|OMNI_NAME_UNKNOWN/);

    await writeFile(database, '');
    await whenServerIs(omni, 'weak', { status: 'ok' }, 2 * WAIT_S * 1_000);
    expect(performance.now() - opened).toBeGreaterThan(details.retryInMs ?? 0);
    expect(await startCount()).toBe(7);
    const closed = await serverPage(omni, 'weak');
    expect(closed.details).toMatchObject({ health_status: 'healthy', circuit_state: 'closed' });
    expect(closed.details.retryInMs).toBeUndefined();
  }, 90_000);
});
