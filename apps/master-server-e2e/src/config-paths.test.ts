import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { postModern } from './harness/raw-mcp.ts';
import { runOmni, startOmniIn, writeConfiguration } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

afterAll(endEverything);

describe('a relative path of a configuration', () => {
  it('starts at the folder of its file, wherever Omni was started', async () => {
    const { args } = scriptedEntry();
    const prepared = await writeConfiguration({
      server: { unixSocket: 'run/omni.sock' },
      mcpServers: {
        here: { command: './program', args },
        there: { command: './program', args, cwd: 'sub' },
      },
    });
    await mkdir(join(prepared.folder, 'run'));
    await mkdir(join(prepared.folder, 'sub'));
    for (const folder of ['.', 'sub'])
      await symlink(process.execPath, join(prepared.folder, folder, 'program'));

    const omni = await startOmniIn(prepared);
    await omni.ready();
    const list = (await postModern(omni.url, { id: '1', method: 'tools/list' })).text;
    expect(list).toContain('"here__echo"');
    expect(list).toContain('"there__echo"');
    const socket = join(prepared.folder, 'run', 'omni.sock');
    await eventually('the line with the socket', () =>
      omni.process.stderr.includes(`and on unix:${socket}\n`),
    );
  }, 30_000);

  it('is told whole when there is no such file', async () => {
    const prepared = await writeConfiguration({
      server: { tls: { cert: 'tls/cert.pem', key: 'tls/key.pem' } },
      mcpServers: {},
    });
    const { code, stderr } = await runOmni(
      ['serve', '--config', prepared.configFile, '--listen', '127.0.0.1:0'],
      prepared.environment,
    );
    expect(code).toBe(4);
    expect(stderr).toContain(join(prepared.folder, 'tls', 'cert.pem'));
  });
});

describe("a client's file", () => {
  it('serves what is right in it, in the project, and shows what is wrong', async () => {
    const { args } = scriptedEntry();
    const prepared = await writeConfiguration({ mcpServers: {} });
    const configFile = join(prepared.folder, '.cursor', 'mcp.json');
    await mkdir(join(prepared.folder, '.cursor'));
    await symlink(process.execPath, join(prepared.folder, 'program'));
    const servers = {
      good: { command: './program', args, disabledTools: ['echo'] },
      bad: { command: './program', args: ['${NOBODY_SETS_THIS}'] },
    };
    await writeFile(configFile, JSON.stringify({ mcpServers: servers, theme: 'dark' }));
    const { environment } = prepared;

    const omni = await startOmniIn({ ...prepared, configFile });
    await omni.ready();
    expect(omni.process.stderr).toContain(
      `note: ${configFile}:1:1  is read as a file of the client Cursor: servers from "mcpServers"; not read: "theme"\n`,
    );
    expect(omni.process.stderr).toMatch(
      /^misconfigured: .*mcpServers\.bad\.args\.0: \$\{NOBODY_SETS_THIS\}/m,
    );

    const check = (more: readonly string[]): ReturnType<typeof runOmni> =>
      runOmni(['serve', '--config', configFile, '--check', ...more], environment);
    const checked = await check([]);
    expect([checked.code, checked.stdout]).toEqual([
      0,
      `${configFile} can be served: 1 server, 1 misconfigured\n`,
    ]);
    const strict = await check(['--strict']);
    expect([strict.code, strict.stderr]).toEqual([
      4,
      expect.stringContaining('${NOBODY_SETS_THIS} is not set'),
    ]);
  }, 30_000);
});
