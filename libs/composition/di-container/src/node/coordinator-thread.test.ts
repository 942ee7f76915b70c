import { describe, expect, it, jest } from '@jest/globals';
import { ThreadRoleHost } from '@omni/node';
import type { Role, RoleHost } from '@omni/ports';
import { createMasterServer } from '../create-master-server.ts';
import { COORDINATOR_ENTRY } from './coordinator-host.ts';

// A busy machine takes its time to start two threads.
jest.setTimeout(60_000);

describe('a coordinator in a thread', () => {
  it('may be killed: another one follows', async () => {
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
    await server.start();
    const status = (): Readonly<Record<string, unknown>> =>
      server.readiness().components.find(({ name }) => name === 'coordinator')?.details ?? {};
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(() => status()['decides'] === 'coordinator');
    await roles[0]?.terminate();
    await until(() => status()['epoch'] === 2 && status()['decides'] === 'coordinator');
    expect(server.readiness().ready).toBe(true);
  });
});
