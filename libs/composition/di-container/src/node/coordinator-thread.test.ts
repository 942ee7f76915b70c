import { describe, expect, it } from '@jest/globals';
import { ThreadRoleHost } from '@omni/node';
import type { Role, RoleHost } from '@omni/ports';
import { createMasterServer } from '../create-master-server.ts';
import { inProcessUpstream } from '../gateway-options.ts';
import { COORDINATOR_ENTRY } from './coordinator-host.ts';

describe('a coordinator in a thread', () => {
  it('[S001-MON-02] may be killed: it is replaced within 10 s', async () => {
    const host = new ThreadRoleHost({
      entry: COORDINATOR_ENTRY,
      execArgv: ['--conditions=@omni/source', '--disable-warning=ExperimentalWarning'],
    });
    const roles: Role[] = [];
    const watched: RoleHost = {
      sharesMemory: host.sharesMemory,
      start: (data, listener) => {
        const role = host.start(data, listener);
        roles.push(role);
        return role;
      },
    };
    await using server = createMasterServer({ coordinator: watched });
    void inProcessUpstream;
    await server.start();
    const status = (): Readonly<Record<string, unknown>> =>
      server.readiness().components.find(({ name }) => name === 'coordinator')?.status.details ?? {};
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(() => status()['decides'] === 'coordinator');
    const began = performance.now();
    await roles[0]?.terminate();
    await until(() => status()['epoch'] === 2 && status()['decides'] === 'coordinator');
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
