import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type AuditRecord, silentLogger, systemClock } from '@omni/ports';
import type { MasterServer } from '../../master-server.ts';
import { createNodeParts } from '../node-master-server.ts';
import { ConfigurationFiles } from './configuration-files.ts';
import { FollowedConfiguration } from './followed-configuration.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const DEBOUNCE_MS = 40;

/** Servers that are switched off: they are defined, and nothing is started. */
function textWith(names: readonly string[], more = ''): string {
  const entries = names.map((name) => `  ${name}: { command: 'true', disabled: true }`);
  return [`reload: { debounce: ${DEBOUNCE_MS}ms }`, more, 'mcpServers:', ...entries, ''].join('\n');
}

class Scene {
  readonly audited: AuditRecord[] = [];
  readonly events: { readonly type: string; readonly data: unknown }[] = [];
  readonly folder: string;
  readonly file: string;
  server!: MasterServer;
  followed!: FollowedConfiguration;

  private constructor(folder: string) {
    this.folder = folder;
    this.file = join(folder, 'omni.yaml');
  }

  static async start(text: string): Promise<Scene> {
    const scene = new Scene(await mkdtemp(join(tmpdir(), 'omni-reload-')));
    ends.push(() => rm(scene.folder, { recursive: true, force: true }));
    await writeFile(scene.file, text);
    await scene.run();
    return scene;
  }

  /** Runs Omni, with what another one has left in the state folder. */
  async run(path = this.file, checkApproved?: (hash: string) => Promise<void>): Promise<() => Promise<void>> {
    const environment = { OMNI_HOME: join(this.folder, 'state') };
    const files = new ConfigurationFiles(path, environment);
    const first = await files.read();
    const configuration = await first.load();
    const { server, end } = await createNodeParts({
      configuration,
      environment,
      logger: silentLogger,
      state: { folder: join(this.folder, 'state'), otherwise: 'fail' },
    });
    await server.start();
    server.events.listen(({ type, data }) => void this.events.push({ type, data }));
    const followed = new FollowedConfiguration({
      ...{ files, first, configuration, server, checkApproved },
      ...{ clock: systemClock, logger: silentLogger },
      audit: { record: (record) => void this.audited.push(record) },
    });
    this.server = server;
    this.followed = followed;
    let ended: Promise<void> | undefined;
    const stop = (): Promise<void> =>
      (ended ??= (async () => {
        await followed.close();
        await server.stop({ deadlineMs: 0 });
        await end();
      })());
    ends.push(stop);
    return stop;
  }

  names(): readonly string[] {
    return this.server.configuration.effective().upstreams.map(({ name }) => name);
  }

  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error(`not in time: ${what}; there is ${this.names().join()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  ofType(type: string): readonly unknown[] {
    return this.events.filter((event) => event.type === type).map(({ data }) => data);
  }
}

describe('a configuration file that changes', () => {
  it.each<[string, (scene: Scene, text: string) => Promise<unknown>]>([
    ['written in place', ({ file }, text) => writeFile(file, text)],
    [
      'written aside and renamed',
      async ({ folder, file }, text) => {
        await writeFile(join(folder, '.omni.yaml.tmp'), text);
        await rename(join(folder, '.omni.yaml.tmp'), file);
      },
    ],
    [
      'removed and written',
      async ({ file }, text) => {
        await unlink(file);
        await writeFile(file, text);
      },
    ],
  ])('comes into force [S003-CF-04, S004-RT-02, S004-EV-02]: %s', async (_how, write) => {
    const scene = await Scene.start(textWith(['a']));
    await write(scene, textWith(['a', 'b']));
    await scene.until('b', () => scene.names().join() === 'a,b');
    expect(scene.ofType('config.reloaded')).toMatchObject([{ author: 'file', added: ['b'], removed: [] }]);
  });

  it('stays out where it is wrong, which an event tells [S000-CFG-04]', async () => {
    const scene = await Scene.start(textWith(['a'], 'auth: { token: a-token-that-is-secret }'));
    await writeFile(
      scene.file,
      `auth: { token: a-token-that-is-secret, mode: 7 }\nmcpServers: { b: { comand: x } }`,
    );
    await scene.until('the event', () => scene.ofType('config.error').length > 0);
    const [told] = scene.ofType('config.error');
    expect(told).toMatchObject({
      code: 'OMNI_CONFIG_INVALID',
      author: 'file',
      problems: expect.arrayContaining([expect.objectContaining({ file: scene.file, key: 'auth.mode' })]),
    });
    expect(JSON.stringify(told)).not.toContain('a-token-that-is-secret');
    expect(scene.names()).toEqual(['a']);
    expect((await scene.followed.history(5)).refused?.code).toBe('OMNI_CONFIG_INVALID');
    await writeFile(scene.file, textWith(['a', 'c'], 'auth: { token: a-token-that-is-secret }'));
    await scene.until('c', () => scene.names().join() === 'a,c');
    expect((await scene.followed.history(5)).refused).toBeUndefined();
  });

  it('stays out while it is gone or may not be read', async () => {
    const scene = await Scene.start(textWith(['a']));
    await unlink(scene.file);
    await scene.until('the event', () => scene.ofType('config.error').length > 0);
    expect(scene.ofType('config.error')).toMatchObject([{ code: 'OMNI_CONFIG_UNREADABLE' }]);
    await writeFile(scene.file, textWith(['a', 'b']));
    await scene.until('b', () => scene.names().join() === 'a,b');
    if (process.getuid?.() === 0) return;
    await chmod(scene.file, 0o000);
    await scene.until('another event', () => scene.ofType('config.error').length > 1);
    expect(scene.names()).toEqual(['a', 'b']);
  });

  // guard: reload/confirmed
  it('waits to be confirmed where it removes most servers', async () => {
    const scene = await Scene.start(textWith(['a', 'b', 'c', 'd', 'e']));
    await writeFile(scene.file, textWith(['a', 'b']));
    await scene.until('the event', () => scene.ofType('config.error').length > 0);
    expect(scene.ofType('config.error')).toMatchObject([{ code: 'OMNI_CONFIG_HELD' }]);
    expect(scene.names()).toHaveLength(5);
    const applied = await scene.followed.apply('ada');
    expect(applied?.changes.removed).toEqual(['c', 'd', 'e']);
    expect(scene.names()).toEqual(['a', 'b']);
    expect(scene.ofType('config.reloaded').at(-1)).toMatchObject({ author: 'ada' });
  });

  it('waits where a part of Omni does not take it [S003-CF-03]', async () => {
    const scene = await Scene.start(textWith(['a']));
    const unguard = scene.server.configuration.guard(({ upstreams }) => {
      if (upstreams.some(({ name }) => name === 'evil')) throw new RangeError('not this one');
    });
    await writeFile(scene.file, textWith(['a', 'evil']));
    await scene.until('the event', () => scene.ofType('config.error').length > 0);
    expect(scene.ofType('config.error')).toMatchObject([{ code: 'OMNI_CONFIG_REFUSED' }]);
    expect(scene.names()).toEqual(['a']);
    unguard();
    await scene.followed.apply('ada');
    expect(scene.names()).toEqual(['a', 'evil']);
  });

  it('says which settings need a restart, and applies the servers', async () => {
    const scene = await Scene.start(textWith(['a']).replace('debounce:', 'watch: false, debounce:'));
    await writeFile(scene.file, textWith(['b'], 'server: { listen: "127.0.0.1:1", drain: 3s }'));
    const applied = await scene.followed.apply('ada');
    expect(applied?.needsRestart).toEqual(['server.port', 'server.drainMs', 'reload.watch']);
    expect(scene.names()).toEqual(['b']);
  });

  it('is not followed where reload.watch is false, and read when somebody asks', async () => {
    const scene = await Scene.start(textWith(['a']).replace('debounce:', 'watch: false, debounce:'));
    await writeFile(scene.file, textWith(['b']));
    await new Promise((resolve) => setTimeout(resolve, 4 * DEBOUNCE_MS));
    expect(scene.names()).toEqual(['a']);
    scene.followed.lookAgain();
    // All servers would go, had they no successor.
    await scene.until('b', () => scene.names().join() === 'b');
  });

  it('may be one of servers/*.yaml in a folder', async () => {
    const scene = await Scene.start(textWith(['a']));
    const stop = ends.pop();
    await stop?.();
    await mkdir(join(scene.folder, 'servers'));
    await scene.run(scene.folder);
    await writeFile(join(scene.folder, 'servers', 'later.yaml'), "command: 'true'\ndisabled: true\n");
    await scene.until('later', () => scene.names().join() === 'a,later');
    await rm(join(scene.folder, 'servers', 'later.yaml'));
    await scene.until('a alone', () => scene.names().join() === 'a');
  });
});

describe('a folder that is watched', () => {
  async function folderScene(): Promise<Scene> {
    const scene = await Scene.start(textWith(['a']));
    await ends.pop()?.();
    await mkdir(join(scene.folder, 'servers'));
    await scene.run(scene.folder);
    return scene;
  }
  const SERVER = "command: 'true'\ndisabled: true\n";

  it('may be removed and made again', async () => {
    const scene = await folderScene();
    const servers = join(scene.folder, 'servers');
    await rm(servers, { recursive: true });
    await mkdir(servers);
    await writeFile(join(servers, 'b.yaml'), SERVER);
    await scene.until('b', () => scene.names().join() === 'a,b');
    // What was told of the first write is over.
    await new Promise((resolve) => setTimeout(resolve, 5 * DEBOUNCE_MS));
    await writeFile(join(servers, 'c.yaml'), SERVER);
    await scene.until('c', () => scene.names().join() === 'a,b,c');
  });

  // guard: watch/other-files
  it('may hold other files that change all the time', async () => {
    const scene = await folderScene();
    const timer = setInterval(() => void writeFile(join(scene.folder, 'cache.json'), '{}'), DEBOUNCE_MS / 4);
    try {
      await writeFile(join(scene.folder, 'servers', 'b.yaml'), SERVER);
      await scene.until('b', () => scene.names().join() === 'a,b');
    } finally {
      clearInterval(timer);
    }
  });
});

describe('an entry that becomes a wrong one', () => {
  // guard: reload/new-flaw
  it('leaves the server as it was, and what is wrong from the first is switched off', async () => {
    const scene = await Scene.start(textWith(['a']));
    await ends.pop()?.();
    const servers = join(scene.folder, 'servers');
    await mkdir(servers);
    await writeFile(join(servers, 'web.yaml'), 'url: http://127.0.0.1:1/mcp\n');
    await scene.run(scene.folder);
    await writeFile(join(servers, 'web.yaml'), 'url: http://127.0.0.1:1/mcp\ncomand: x\n');
    await scene.until('the event', () => scene.ofType('config.error').length > 0);
    const web = () => scene.server.configuration.effective().upstreams.find(({ name }) => name === 'web');
    expect(web()).toMatchObject({ enabled: true });
    await scene.followed.apply('ada');
    expect(web()).toMatchObject({ enabled: false, flaw: expect.stringContaining('comand') });
  });
});

describe('revisions of a configuration', () => {
  it('are numbered, kept over a restart, and can be brought back [S002-RT-04]', async () => {
    const scene = await Scene.start(textWith(['a'], '# the first'));
    await writeFile(scene.file, textWith(['a', 'b'], '# the second'));
    await scene.until('b', () => scene.names().join() === 'a,b');
    await ends.pop()?.();
    await scene.run();
    const { revisions } = await scene.followed.history(10);
    expect(revisions.map(({ number, author, cause }) => [number, author, cause])).toEqual([
      [2, 'file', 'file'],
      [1, 'file', 'start'],
    ]);
    expect(JSON.parse(revisions[0]?.summary ?? '')).toMatchObject({ added: ['b'] });
    const applied = await scene.followed.rollback(1, 'ada');
    expect(applied).toMatchObject({ revision: 3, changes: { removed: ['b'] } });
    expect([scene.names(), await readFile(scene.file, 'utf8')]).toEqual([
      ['a'],
      textWith(['a'], '# the first'),
    ]);
    expect(scene.audited).toMatchObject([
      { type: 'config.applied', actor: 'file', subject: scene.file, outcome: 'success' },
      { type: 'config.rolled_back', actor: 'ada', outcome: 'success', details: { cause: 'rollback 1' } },
    ]);
    const [{ details: first }, { details: second }] = scene.audited as [AuditRecord, AuditRecord];
    expect(second?.['before']).toBe(first?.['after']);
    expect(second?.['after']).toBe(first?.['before']);
  });

  it('take away, at a rollback, a file that was not there', async () => {
    const scene = await Scene.start(textWith(['a']));
    await ends.pop()?.();
    await mkdir(join(scene.folder, 'servers'));
    await scene.run(scene.folder);
    const { revisions } = await scene.followed.history(1);
    await writeFile(join(scene.folder, 'servers', 'b.yaml'), "command: 'true'\ndisabled: true\n");
    await scene.until('b', () => scene.names().join() === 'a,b');
    await scene.followed.rollback(revisions[0]?.number ?? 0, 'ada');
    expect(scene.names()).toEqual(['a']);
    expect(await readdir(join(scene.folder, 'servers'))).toEqual(['b.yaml.removed']);
  });

  // guard: reload/redacted-revision
  it('with secret values are brought back by the Omni that has read them, and by no other', async () => {
    const secret = 'Zk3yq8TnWv5rLx2pBd7hJm4c';
    const scene = await Scene.start(textWith(['a'], `auth: { token: ${secret} }`));
    await writeFile(scene.file, textWith(['a', 'b'], `auth: { token: ${secret} }`));
    await scene.until('b', () => scene.names().join() === 'a,b');
    const { revisions } = await scene.followed.history(10);
    expect(JSON.stringify(revisions)).not.toContain(secret);
    await scene.followed.rollback(1, 'ada');
    expect(await readFile(scene.file, 'utf8')).toContain(secret);
    await ends.pop()?.();
    await scene.run();
    const before = await readFile(scene.file, 'utf8');
    await expect(scene.followed.rollback(2, 'ada')).rejects.toMatchObject({
      code: 'OMNI_CONFIG_REVISION_UNKNOWN',
    });
    await expect(scene.followed.rollback(99, 'ada')).rejects.toMatchObject({
      code: 'OMNI_CONFIG_REVISION_UNKNOWN',
    });
    expect(await readFile(scene.file, 'utf8')).toBe(before);
  });

  // guard: reload/other-configuration
  it('of another configuration with the same store are not brought back', async () => {
    const scene = await Scene.start(textWith(['a']));
    await ends.pop()?.();
    const other = join(scene.folder, 'other.yaml');
    await writeFile(other, textWith(['b']));
    await writeFile(scene.file, textWith(['a', 'c']));
    await scene.run(other);
    const { ctimeMs } = await stat(scene.file);
    await expect(scene.followed.rollback(1, 'ada')).rejects.toMatchObject({
      code: 'OMNI_CONFIG_REVISION_UNKNOWN',
    });
    expect((await stat(scene.file)).ctimeMs).toBe(ctimeMs);
    expect(await readFile(other, 'utf8')).toBe(textWith(['b']));
  });

  async function inFolder(): Promise<Scene> {
    const scene = await Scene.start(textWith(['a']));
    await ends.pop()?.();
    await mkdir(join(scene.folder, 'servers'));
    await writeFile(join(scene.folder, 'servers', 'b.yaml'), "command: 'true'\ndisabled: true\n");
    await scene.run(scene.folder);
    await scene.followed.history(1);
    return scene;
  }

  // guard: reload/half-restored
  it('are brought back whole or not at all', async () => {
    const scene = await inFolder();
    const number = (await scene.followed.history(1)).revisions[0]?.number ?? 0;
    const later = textWith(['a', 'c']);
    await writeFile(scene.file, later);
    await rm(join(scene.folder, 'servers'), { recursive: true });
    await scene.until('c', () => scene.names().join() === 'a,c');
    await expect(scene.followed.rollback(number, 'ada')).rejects.toMatchObject({
      code: 'OMNI_CONFIG_UNREADABLE',
    });
    expect(await readFile(scene.file, 'utf8')).toBe(later);
    expect(scene.names()).toEqual(['a', 'c']);
  });

  // guard: reload/rollback-undone
  it('leave the files as they were where a part of Omni does not take them', async () => {
    const scene = await Scene.start(textWith(['a']));
    await writeFile(scene.file, textWith(['b']));
    await scene.followed.apply('ada');
    scene.server.configuration.guard(({ upstreams }) => {
      if (upstreams.some(({ name }) => name === 'a')) throw new RangeError('not this one');
    });
    await expect(scene.followed.rollback(1, 'ada')).rejects.toMatchObject({ code: 'OMNI_CONFIG_REFUSED' });
    expect(await readFile(scene.file, 'utf8')).toBe(textWith(['b']));
  });

  it('keep what an earlier rollback has put aside', async () => {
    const scene = await inFolder();
    const servers = join(scene.folder, 'servers');
    const number = (await scene.followed.history(1)).revisions[0]?.number ?? 0;
    for (const command of ['first', 'second']) {
      await writeFile(join(servers, 'c.yaml'), `command: ${command}\ndisabled: true\n`);
      await scene.followed.apply('ada');
      await scene.followed.rollback(number, 'ada');
    }
    expect(await readdir(servers)).toEqual(['b.yaml', 'c.yaml.removed', 'c.yaml.removed-2']);
    expect(await readFile(join(servers, 'c.yaml.removed'), 'utf8')).toContain('first');
  });

  // guard: reload/unread-file
  it('with a file that could not be read write no empty one', async () => {
    const scene = await inFolder();
    const file = join(scene.folder, 'servers', 'c.yaml');
    await writeFile(file, Buffer.from([0x61, 0xff]));
    await scene.followed.apply('ada');
    const number = (await scene.followed.history(1)).revisions[0]?.number ?? 0;
    await writeFile(file, "command: 'true'\ndisabled: true\n");
    await scene.followed.apply('ada');
    await expect(scene.followed.rollback(number, 'ada')).rejects.toMatchObject({
      code: 'OMNI_CONFIG_REVISION_UNKNOWN',
    });
    expect(await readFile(file, 'utf8')).toContain('true');
  });

  // guard: reload/read-otherwise
  it('made of files that are not read now leave all as it is', async () => {
    const scene = await Scene.start(textWith(['a']));
    await ends.pop()?.();
    await scene.run(scene.folder);
    const number = (await scene.followed.history(1)).revisions[0]?.number ?? 0;
    await unlink(scene.file);
    const main = join(scene.folder, 'default.yaml');
    await writeFile(main, textWith(['b']));
    // Beside omni.yaml neither of them is read.
    await writeFile(join(scene.folder, 'omni.yml'), 'x');
    await scene.followed.apply('ada');
    await expect(scene.followed.rollback(number, 'ada')).rejects.toMatchObject({
      code: 'OMNI_CONFIG_REVISION_UNKNOWN',
    });
    expect(scene.names()).toEqual(['b']);
    expect(await readFile(main, 'utf8')).toBe(textWith(['b']));
  });
});
