import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from 'node:sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@omni/ports';
import type { GatewayUpstream } from '../gateway-options.ts';
import { parseConfigurationText } from './node-configuration.ts';
import { createNodeParts, type NodeParts } from './node-master-server.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-hostile-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function parts(upstreams: readonly GatewayUpstream[]): Promise<NodeParts> {
  return createNodeParts({
    configuration: { upstreams },
    logger: silentLogger,
    state: { folder, otherwise: 'fail' },
    environment: {},
  });
}

async function stopped({ server, end }: NodeParts): Promise<void> {
  await server.stop({ deadlineMs: 0 });
  await end();
}

function upstreamsOf(mcpServers: unknown): readonly GatewayUpstream[] {
  return parseConfigurationText(JSON.stringify({ mcpServers }), 'test.json', {}).upstreams;
}

const OFF = { off: { enabled: false, type: 'http', url: 'not a url' } };

describe('a server that is switched off', () => {
  it('does not keep Omni from starting by an address that is none', async () => {
    await stopped(await parts(upstreamsOf(OFF)));
  });

  it('does not leave a change of definitions half done', async () => {
    const gateway = await parts([]);
    await gateway.server.start();
    const applied = gateway.server.apply(upstreamsOf(OFF));
    await expect(applied).resolves.toMatchObject({ added: ['off'] });
    await stopped(gateway);
  });
});

describe('a gateway that could not be made', () => {
  it('does not keep the state folder', async () => {
    const wrong = { ...upstreamsOf(OFF)[0], name: 'no name' } as unknown as GatewayUpstream;
    await expect(parts([wrong])).rejects.toMatchObject({ code: 'OMNI_CONFIG_INVALID' });
    await stopped(await parts([]));
  });
});

describe('the database', () => {
  it('has no secret of a definition in what failed', async () => {
    const upstreams = upstreamsOf({
      cmd: {
        command: '/nonexistent/tool --token=CANARY-1234567890',
        env: { API_TOKEN: 'CANARY-1234567890' },
      },
    });
    expect(upstreams[0]?.secretValues).toContain('CANARY-1234567890');
    const gateway = await parts(upstreams);
    await gateway.server.start();
    await gateway.server.whenSettled({ deadlineMs: 10_000 });
    await stopped(gateway);
    const database = new DatabaseSync(join(folder, 'omni.db'), { readOnly: true });
    const rows = [
      ...database.prepare('select * from mcp_servers').all(),
      ...database.prepare('select * from mcp_health_log').all(),
    ];
    database.close();
    expect(rows.length).toBeGreaterThan(1);
    expect(JSON.stringify(rows)).not.toContain('CANARY-1234567890');
  });
});
