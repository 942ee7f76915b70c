import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryAudit } from '@omni/testing';
import { approveConfiguration, openConfiguration } from './open-configuration.ts';

let home: string;
let folder: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'omni-found-'));
  folder = join(home, 'work');
  await mkdir(folder);
});
afterEach(() => rm(home, { recursive: true, force: true }));

const TEXT = 'mcpServers: { a: { command: run } }\n';

function given(config?: string) {
  return { config, environment: { HOME: home, OMNI_HOME: join(home, 'state') }, folder };
}

describe('a configuration that nobody has named', () => {
  it('is none where there is none', async () => {
    await expect(openConfiguration(given())).rejects.toMatchObject({ code: 'OMNI_USAGE' });
  });

  // guard: reload/unapproved
  it('is served from the working directory when it was approved as it is', async () => {
    const file = join(folder, 'omni.yaml');
    await writeFile(file, TEXT);
    await expect(openConfiguration(given())).rejects.toMatchObject({ code: 'OMNI_CONFIG_UNAPPROVED' });
    const audit = new MemoryAudit();
    const { hash } = await approveConfiguration({ ...given(), by: 'ada', audit });
    expect(audit.records).toMatchObject([
      { type: 'config.approved', actor: 'ada', subject: file, details: { after: hash } },
    ]);
    const { files, first, checkApproved } = await openConfiguration(given());
    expect([files.path, first.hash]).toEqual([file, hash]);
    await writeFile(file, TEXT.replace('run', 'another'));
    const changed = await files.read();
    await expect(checkApproved?.(changed.hash)).rejects.toMatchObject({ code: 'OMNI_CONFIG_UNAPPROVED' });
    await expect(openConfiguration(given())).rejects.toMatchObject({ code: 'OMNI_CONFIG_UNAPPROVED' });
    await writeFile(file, TEXT);
    await openConfiguration(given());
  });

  it.each(['{"half', 'null'])('is not approved by a damaged file: %s', async (damaged) => {
    await writeFile(join(folder, 'omni.yaml'), TEXT);
    const state = join(home, 'state');
    await mkdir(state);
    await writeFile(join(state, 'approved.json'), damaged, { mode: 0o600 });
    await expect(openConfiguration(given())).rejects.toMatchObject({ code: 'OMNI_CONFIG_UNAPPROVED' });
    await approveConfiguration({ ...given(), by: 'ada' });
    await openConfiguration(given());
  });

  it('is approved by its name', async () => {
    await writeFile(join(folder, 'omni.yaml'), TEXT);
    expect(await openConfiguration(given(join(folder, 'omni.yaml')))).not.toHaveProperty('checkApproved');
  });

  it('is that of the user where there is one', async () => {
    await writeFile(join(folder, 'omni.yaml'), TEXT);
    await mkdir(join(home, '.config', 'omni'), { recursive: true });
    await writeFile(join(home, '.config', 'omni', 'omni.yaml'), TEXT);
    const { files, checkApproved } = await openConfiguration(given());
    expect([files.path, checkApproved]).toEqual([join(home, '.config', 'omni'), undefined]);
  });
});
