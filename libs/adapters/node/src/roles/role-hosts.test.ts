import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Role, RoleHost } from '@omni/ports';
import { roleHostContract } from '@omni/testing/contracts';
import { ProcessRoleHost } from './process-role-host.ts';
import { ThreadRoleHost } from './thread-role-host.ts';

const execArgv = ['--conditions=@omni/source', '--disable-warning=ExperimentalWarning'];
const contractEntry = { entry: new URL('contract-role.fixture.ts', import.meta.url), execArgv };
const badEntry = { entry: new URL('bad-role.fixture.ts', import.meta.url), execArgv };

interface Started {
  readonly role: Role;
  /** The first message, or why it has ended. */
  readonly said: Promise<unknown>;
  readonly ended: Promise<string>;
}

function start(host: RoleHost): Started {
  const said = Promise.withResolvers<unknown>();
  const ended = Promise.withResolvers<string>();
  const role = host.start({}, { onMessage: said.resolve, onExit: ended.resolve });
  return { role, said: said.promise, ended: ended.promise };
}

async function oneLife(): Promise<void> {
  const { role, ended } = start(new ThreadRoleHost(badEntry));
  role.post({ do: 'exit' });
  await ended;
}

describe('ThreadRoleHost', () => {
  roleHostContract(it, () => new ThreadRoleHost(contractEntry));
});

describe('ProcessRoleHost', () => {
  roleHostContract(it, () => new ProcessRoleHost(contractEntry));
});

describe.each<[string, () => RoleHost]>([
  ['ThreadRoleHost', () => new ThreadRoleHost(badEntry)],
  ['ProcessRoleHost', () => new ProcessRoleHost(badEntry)],
])('%s', (_name, open) => {
  it('tells that a role has called process.exit', async () => {
    const { role, ended } = start(open());
    role.post({ do: 'exit' });
    expect(await ended).toBe('ended with code 7');
  });

  it('ends a role that never comes back from a loop', async () => {
    const { role, said, ended } = start(open());
    role.post({ do: 'spin' });
    await said;
    await role.terminate();
    expect(await ended).toMatch(/^ended with /);
  });

  it('tells that the entry is not there', async () => {
    const entry = new URL('nowhere.ts', import.meta.url);
    const host =
      open() instanceof ThreadRoleHost ? new ThreadRoleHost({ entry }) : new ProcessRoleHost({ entry });
    expect(await start(host).ended).toMatch(/nowhere|ended with code 1/);
  });
});

describe('ThreadRoleHost', () => {
  it('outlives a role without memory', async () => {
    const { role, ended } = start(new ThreadRoleHost({ ...badEntry, maxHeapMb: 32 }));
    role.post({ do: 'memory' });
    expect(await ended).toContain('memory');
  });

  it('does not resolve while a thread is inside a system call that does not return', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'omni-role-'));
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', [path]);
    const { role, said } = start(new ThreadRoleHost(badEntry));
    role.post({ do: 'open', path });
    await said;
    // Another role starts and ends meanwhile, which takes far longer than entering or leaving a call.
    await oneLife();
    let isGone = false;
    const gone = role.terminate().then(() => (isGone = true));
    await oneLife();
    expect(isGone).toBe(false);
    // Somebody opens the other end: the call returns.
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    await gone;
    rmSync(folder, { recursive: true });
  });
});
