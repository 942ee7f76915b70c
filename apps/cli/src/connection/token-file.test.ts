import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadOrCreateToken, stateDirectory } from '@omni/node';
import { readTokenFile, tokenPath } from './token-file.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-token-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('tokenPath', () => {
  const environments = [
    { OMNI_HOME: '/srv/omni' },
    { OMNI_HOME: '', HOME: '/home/ada' },
    { HOME: '/home/ada', XDG_STATE_HOME: '/state' },
    { HOME: '/home/ada', XDG_STATE_HOME: 'relative' },
    { USERPROFILE: '/users/ada' },
    { LOCALAPPDATA: '/local' },
    {},
  ];
  const cases = environments.flatMap((environment) =>
    (['linux', 'darwin', 'win32'] as const).map((platform) => ({ environment, platform })),
  );

  it.each(cases)(
    'is in the folder of the gateway: $environment on $platform',
    ({ environment, platform }) => {
      expect(tokenPath(environment, platform)).toBe(join(stateDirectory(environment, platform), 'token'));
    },
  );
});

describe('readTokenFile', () => {
  it('reads what the gateway wrote', async () => {
    const { token } = await loadOrCreateToken(join(folder, 'state'));

    expect(await readTokenFile(tokenPath({ OMNI_HOME: join(folder, 'state') }))).toBe(token);
  });

  it('has none where there is none, or something else', async () => {
    await writeFile(join(folder, 'other'), 'two words\n');
    await writeFile(join(folder, 'long'), 'x'.repeat(5_000));
    if (process.platform !== 'win32') execFileSync('mkfifo', [join(folder, 'pipe')]);

    for (const name of ['missing', 'other', 'long', 'pipe'])
      expect(await readTokenFile(join(folder, name))).toBeUndefined();
  });
});
