import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { OMNI_ARGUMENTS, runOmni, StartedProcess, writeConfiguration } from './harness/start-omni.ts';

afterAll(endEverything);

const EXAMPLE = fileURLToPath(new URL('../../../docs/examples/configuration', import.meta.url));
const GIT_IGNORE = fileURLToPath(new URL('../../../.gitignore', import.meta.url));

/** A copy of the example, and what it needs of the environment. */
async function copied(): Promise<{ readonly config: string; readonly environment: Record<string, string> }> {
  const { folder, environment } = await writeConfiguration({});
  const config = join(folder, 'configuration');
  await cp(EXAMPLE, config, { recursive: true });
  return { config, environment: { ...environment, NODE: process.execPath, DEMO_REGION: 'eu' } };
}

describe('a folder of configuration', () => {
  it('is layered: files, environment, flags [S003-CF-01, S004-RT-02]', async () => {
    const { config, environment } = await copied();
    const started = new StartedProcess(
      process.execPath,
      [...OMNI_ARGUMENTS, 'serve', '--config', config, '--json', '--set', 'server.listen=127.0.0.1:0'],
      { ...environment, OMNI_SERVER__LISTEN: '127.0.0.1:1', OMNI_ENV: 'prod' },
    );
    await eventually('the line of JSON', () => started.stdout.includes('"url"'));
    expect(started.stdout).toMatch(/http:\/\/127\.0\.0\.1:\d{2,}/);
    await started.stop();
  });

  it('is refused as a whole for what is wrong in the environment, by its name [S000-CFG-02]', async () => {
    const { config, environment } = await copied();
    const { code, stderr, stdout } = await runOmni(['serve', '--config', config], {
      ...environment,
      OMNI_LOGGING__LEVEL: 'sesame',
    });
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toContain('OMNI_LOGGING__LEVEL  logging.level must be "debug"');
    expect(stderr).not.toContain('sesame');
  });

  it('serves the other servers where one file of servers/ is wrong [S000-REG-01]', async () => {
    const { config, environment } = await copied();
    await writeFile(join(config, 'servers', 'bad.yaml'), 'command: [');
    const { code, stderr, stdout } = await runOmni(['serve', '--config', config, '--check'], environment);
    expect(code).toBe(0);
    expect(stdout).toContain('1 server, 1 misconfigured');
    expect(stderr).toMatch(/^misconfigured: .*servers\/bad\.yaml:1:11 /m);
  });

  it('skips a server whose variables are missing, and names these [S000-REG-03]', async () => {
    const { config, environment } = await copied();
    const { code, stderr } = await runOmni(['serve', '--config', config, '--check'], {
      ...environment,
      DEMO_REGION: '',
    });
    expect(code).toBe(0);
    expect(stderr).toContain('mcpServers.demo is not started: DEMO_REGION must be set and not empty');
  });

  it('keeps local.yaml out of the repository [S000-CFG-05]', async () => {
    expect((await readFile(GIT_IGNORE, 'utf8')).split('\n')).toContain('local.yaml');
  });
});
