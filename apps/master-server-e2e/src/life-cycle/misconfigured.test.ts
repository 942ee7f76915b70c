import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd, endEverything } from '../harness/end-everything.ts';
import { errorOf, textOf } from '../harness/raw-mcp.ts';
import { startOmni } from '../harness/start-omni.ts';
import { SCRIPTED_UPSTREAM } from '../harness/upstream-entries.ts';
import { callTool, listedTools, serverPage, whenServerIs } from './servers.ts';

afterAll(endEverything, 30_000);

/** Omni looks every 30 s. */
const LOOKED_AT_WITHIN_MS = 45_000;

describe('a server whose command is not there', () => {
  it('is misconfigured, is not tried, and comes back by itself when the command appears', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
    atEnd(() => rm(folder, { recursive: true, force: true }));
    const command = join(folder, 'late-server');
    const off = { command: process.execPath, disabled: true };
    const omni = await startOmni({ mcpServers: { late: { command }, off } });
    const { details } = await whenServerIs(omni, 'late', { state: 'misconfigured' });
    expect(details).toMatchObject({
      health_status: 'disabled',
      health: { action: 'configure' },
      lastError: { code: 'OMNI_UPSTREAM_SPAWN_FAILED', message: expect.stringContaining('late-server') },
    });
    expect(details.retryInMs).toBeUndefined();
    const onlyLate = { ...omni, url: `${omni.url}/late` };
    for (const [where, name] of [
      [onlyLate, 'pid'],
      [omni, 'late__pid'],
      [omni, 'off__anything'],
    ] as const)
      expect(errorOf((await callTool(where, name)).text)?.omni).toBe('OMNI_UPSTREAM_DISABLED');
    expect(errorOf((await callTool(omni, 'nobody__pid')).text)?.omni).toBe('OMNI_NAME_UNKNOWN');

    const script = `#!/bin/sh\nexec '${process.execPath}' '${SCRIPTED_UPSTREAM}'\n`;
    await writeFile(`${command}.part`, script, { mode: 0o755 });
    await rename(`${command}.part`, command);
    await whenServerIs(omni, 'late', { status: 'ok' }, LOOKED_AT_WITHIN_MS);
    expect(await listedTools(omni)).toContain('late__pid');
    expect(textOf((await callTool(omni, 'late__pid')).text)).toMatch(/^\d+$/);
    expect((await serverPage(omni, 'late')).details.lastError).toBeUndefined();
  }, 90_000);
});
