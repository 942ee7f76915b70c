import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildChannel, ChildSpec, OwnerReport } from '@omni/ports';
import { RecordingListener, SmallBudget } from '@omni/testing';
import { messageChannelContract } from '@omni/testing/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { NodeChildLauncher } from './child-launcher.ts';
import { readProcessStat } from './process-stat.ts';

const ECHO = 'process.stdin.pipe(process.stdout)';
const onLinux = process.platform === 'linux' ? it : it.skip;
/**
 * Starts two processes in sessions of their own, one below the other, as a browser does, and tells their
 * pids.
 */
const ESCAPES = (environment: string): string => `
  const { spawn } = require('node:child_process');
  const env = ${environment === 'known' ? 'process.env' : '{ PATH: process.env.PATH }'};
  const inner = "console.log(require('node:child_process').spawn('sleep', ['30'], { detached: true, stdio: 'ignore' }).pid); setInterval(() => {}, 1000)";
  const outer = spawn(process.execPath, ['-e', inner], { detached: true, stdio: ['ignore', 'pipe', 'ignore'], env });
  outer.stdout.once('data', (pid) => console.log(outer.pid + ' ' + String(pid).trim()));
  process.stdin.resume();
`;
const SOURCE = new URL('./child-launcher.ts', import.meta.url).href;

/** Ended after each test, whatever became of it: a test that waits for their end must not wait for ever. */
const toEnd: number[] = [];
afterEach(() => {
  for (const pid of toEnd.splice(0)) killQuietly(pid);
});

describe('NodeChildLauncher', () => {
  let folder: string;
  let launcher: NodeChildLauncher;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'omni-child-'));
    launcher = new NodeChildLauncher({ graceMs: 200 });
  });

  afterAll(async () => {
    await launcher.close();
    await rm(folder, { recursive: true });
  });

  messageChannelContract(it, (listener) => launcher.launch(node(ECHO), listener));

  it('gives a child a filtered environment, the configured variables and the folder', async () => {
    const listener = new RecordingListener();
    process.env['OMNI_TEST_SECRET'] = 'planted';
    const script =
      'console.log(JSON.stringify({ names: Object.keys(process.env), given: process.env.GIVEN, cwd: process.cwd() }))';
    launcher.launch({ ...node(script), env: { GIVEN: 'yes' }, cwd: folder }, listener);
    const [line = ''] = await listener.received(1);
    delete process.env['OMNI_TEST_SECRET'];
    const said = JSON.parse(line) as { names: string[]; given: string; cwd: string };
    expect(said.given).toBe('yes');
    expect(said.cwd).toBe(folder);
    expect(said.names).toEqual(expect.arrayContaining(['PATH', 'OMNI_OWNER']));
    expect(said.names.filter((name) => /^npm_|^OMNI_(?!OWNER)|^NODE_OPTIONS/.test(name))).toEqual([]);
  });

  // guard: child/stderr-secrets
  it('reports the last lines on stderr to the owner, without secrets, and tells callers where they are', async () => {
    const listener = new RecordingListener();
    const reports: OwnerReport[] = [];
    const onReport = (report: OwnerReport): void => void reports.push(report);
    const script = `console.log('{"id":1}'); console.error('key planted-secret\\nBearer abcdefgh'); process.exit(3)`;
    const spec = { ...node(script), secretValues: () => ['planted-secret'], onReport };
    const channel = launcher.launch(spec, listener);
    const reason = await listener.closed();
    expect(reports).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{8}$/),
        at: expect.any(Number),
        what: 'exited with code 3',
        lines: ['key ***', 'Bearer ***'],
      },
    ]);
    const report = reports[0]?.id;
    expect(reason).toMatchObject({
      code: 'OMNI_UPSTREAM_EXITED',
      message: `"test" exited with code 3; the owner of Omni finds what it wrote last as report ${report}`,
      data: { upstream: 'test', exitCode: 3, signal: null, report },
    });
    expect(listener.messages).toEqual(['{"id":1}']);
    expect(channel.send('late')).toBe(false);
  });

  it.each([
    ['process.exit(0)', { code: 0, signal: null }],
    ['process.exit(3)', { code: 3, signal: null }],
    ["process.kill(process.pid, 'SIGKILL')", { code: null, signal: 'SIGKILL' }],
  ])('tells how a child ended: %s [S000-PROC-05]', async (script, exit) => {
    const listener = new RecordingListener();
    const onExit = jest.fn<NonNullable<ChildSpec['onExit']>>();
    launcher.launch({ ...node(script), onExit }, listener);
    await listener.closed();
    expect(onExit.mock.calls).toEqual([[exit]]);
  });

  it('reports nothing of a child that was told to end', async () => {
    const listener = new RecordingListener();
    const onReport = jest.fn();
    const script = `console.error('ready'); console.log('{}'); process.stdin.resume()`;
    const channel = launcher.launch({ ...node(script), onReport }, listener);
    await listener.received(1);
    await channel.close();
    expect(onReport).not.toHaveBeenCalled();
  });

  it('keeps secrets out that came after its start', async () => {
    const listener = new RecordingListener();
    const secrets = ['early-secret'];
    const script = `process.stdin.once('data', () => { console.error('early-secret late-secret other-word'); process.exit(3) })`;
    const lines: string[] = [];
    const onReport = (report: OwnerReport): void => void lines.push(...report.lines);
    const channel = launcher.launch({ ...node(script), secretValues: () => secrets, onReport }, listener);
    secrets.push('late-secret');
    channel.send('{}');
    await listener.closed();
    expect(lines).toEqual(['*** *** other-word']);
  });

  it('reads everything that a child wrote before it exited', async () => {
    const listener = new RecordingListener();
    launcher.launch(
      node(`process.stdout.write('{"n":1}\\n'.repeat(20000), () => process.exit(0))`),
      listener,
    );
    expect((await listener.closed())?.message).toBe('"test" exited with code 0; it wrote nothing on stderr');
    expect(listener.messages.length).toBe(20_000);
  });

  it('says that it takes nothing more as soon as the child has exited', async () => {
    const listener = new RecordingListener();
    const channel = launcher.launch(node('process.stdin.once("data", () => process.exit(0))'), listener);
    expect(channel.isOpen).toBe(true);
    channel.send('{}');
    while (channel.send('{}')) await new Promise((next) => setImmediate(next));
    expect(channel.isOpen).toBe(false);
    expect((await listener.closed())?.code).toBe('OMNI_UPSTREAM_EXITED');
  });

  it('names the signal that ended a child', async () => {
    const listener = new RecordingListener();
    launcher.launch(node(`process.kill(process.pid, 'SIGKILL')`), listener);
    expect(await listener.closed()).toMatchObject({
      message: expect.stringContaining('was ended by SIGKILL'),
      data: { signal: 'SIGKILL' },
    });
  });

  it.each([
    [
      'a command that is not on the PATH',
      { command: 'omni-no-such-command' },
      /"omni-no-such-command" was not found on the PATH \(\d+ folders searched\)/,
    ],
    ['a file that does not exist', { command: '/no/such/file' }, /"\/no\/such\/file" does not exist/],
    [
      'a folder that does not exist',
      { cwd: '/no/such/folder' },
      /working folder "\/no\/such\/folder" does not exist/,
    ],
    ['a folder in place of a command', { command: '/etc' }, /"\/etc" may not be executed/],
    ['an argument that no system takes', { args: ['a\0b'] }, /Cannot start "test"/],
    ['arguments that are too long', { args: ['x'.repeat(3_000_000)] }, /too long/],
  ])('explains %s', async (_name, change, message) => {
    const listener = new RecordingListener();
    const channel = launcher.launch({ ...node(''), ...change }, listener);
    expect(channel.send('x')).toBe(false);
    expect(listener.closes).toEqual([]);
    expect(await listener.closed()).toMatchObject({
      code: 'OMNI_UPSTREAM_SPAWN_FAILED',
      message: expect.stringMatching(message),
    });
    await channel.close();
    expect(listener.closes.length).toBe(1);
  });

  it('explains a missing interpreter', async () => {
    const script = join(folder, 'script');
    await writeFile(script, '#!/no/such/interpreter\n');
    await chmod(script, 0o755);
    const listener = new RecordingListener();
    launcher.launch({ ...node(''), command: script }, listener);
    expect((await listener.closed())?.message).toMatch(/interpreter in the first line/);
  });

  it('survives running out of descriptors', async () => {
    const script = `
      import { openSync } from 'node:fs';
      import { NodeChildLauncher } from ${JSON.stringify(SOURCE)};
      const launcher = new NodeChildLauncher();
      const fds = [];
      try { for (;;) fds.push(openSync('/dev/null')); } catch {}
      launcher.launch({ ...${JSON.stringify(node(''))}, secretValues: () => [] }, { onMessage() {}, onFramingError() {}, onClose: (reason) => { process._rawDebug(reason.message); process.exit(0); } });
    `;
    const shell = spawn(
      '/bin/sh',
      ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, ...nodeArguments(script)],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    expect(await textOf(shell)).toMatch(/Cannot start "test": too many open files/);
  });

  it('drops what is no message and reads on', async () => {
    const listener = new RecordingListener();
    const script = `process.stdout.write(Buffer.concat([Buffer.from('\\ufeffbanner\\r\\n\\n'), Buffer.alloc(5000, 120), Buffer.from('\\n'), Buffer.from([255, 10]), Buffer.from('{"id":1}\\n')]))`;
    launcher.launch({ ...node(script), maxMessageBytes: 1_000 }, listener);
    expect(await listener.received(2)).toEqual(['banner', '{"id":1}']);
    expect(listener.framingError).toEqual([{ kind: 'oversize', limitBytes: 1_000 }, { kind: 'not-utf8' }]);
  });

  it('drops a line for which there is no room, and gives room back when a child ends in the middle of one', async () => {
    const budget = new SmallBudget(300_000);
    const listener = new RecordingListener();
    const script = `const say = (text) => process.stdout.write(text); say('x'.repeat(400000) + '\\n{"id":1}\\n' + 'y'.repeat(200000)); setInterval(() => {}, 1000);`;
    const channel = launcher.launch({ ...node(script), budget }, listener);
    expect(await listener.received(1)).toEqual(['{"id":1}']);
    expect(listener.framingError).toEqual([{ kind: 'no-room' }]);
    while (budget.held < 200_000) await new Promise((next) => setImmediate(next));
    await channel.close();
    expect(budget.held).toBe(0);
  });

  it('drains a flood on stderr while messages pass', async () => {
    const listener = new RecordingListener();
    const script = `const flood = Buffer.alloc(1 << 20, 'x'); let left = 32; const next = () => left-- > 0 ? process.stderr.write(flood, next) : console.log('{"done":true}'); next(); process.stdin.resume()`;
    const channel = launcher.launch(node(script), listener);
    expect(await listener.received(1)).toEqual(['{"done":true}']);
    await channel.close();
  });

  it('refuses messages when the child does not read', async () => {
    const small = new NodeChildLauncher({ graceMs: 50, maxBacklogBytes: 1_000_000 });
    const listener = new RecordingListener();
    const channel = small.launch(node('setInterval(() => {}, 1000)'), listener);
    let taken = 0;
    while (channel.send('x'.repeat(10_000)) && taken < 1_000) {
      taken += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(taken).toBeGreaterThan(50);
    expect(taken).toBeLessThan(200);
    await small.close();
    expect(listener.closes).toEqual([undefined]);
  });

  it.each(['stdout', 'stdin'])(
    'gives a child up within a second that closes its %s and lives on',
    async (pipe) => {
      const listener = new RecordingListener();
      const script = `require('node:fs').closeSync(${pipe === 'stdout' ? 1 : 0}); setInterval(() => {}, 1000)`;
      const channel = launcher.launch(node(script), listener);
      const pid = channel.pid ?? 0;
      // A closed stdin shows when somebody writes.
      const nudge = setInterval(() => channel.send('x'), 10);
      const reason = await listener.closed();
      clearInterval(nudge);
      expect(reason).toMatchObject({
        code: 'OMNI_UPSTREAM_EXITED',
        message: expect.stringContaining(`closed its ${pipe} without exiting`),
      });
      await channel.close();
      expect(isRunning(pid)).toBe(false);
    },
  );

  it('reports the exit of a leader whose stdout a grandchild outside the group holds open', async () => {
    const listener = new RecordingListener();
    const escapee = `const c = require('node:child_process').spawn('sleep', ['30'], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] }); console.log(c.pid); process.exit(7)`;
    launcher.launch(node(escapee), listener);
    const [pid] = await listener.received(1);
    expect((await listener.closed())?.message).toMatch(/code 7/);
    process.kill(Number(pid), 'SIGKILL');
  });

  // guard: child/group
  it('takes a whole wrapper with it when it closes [S000-PROC-06]', async () => {
    const listener = new RecordingListener();
    const stubborn = `process.on('SIGTERM', () => {}); process.stdin.resume(); setInterval(() => {}, 1000); console.log(process.pid)`;
    const channel = launcher.launch(
      { ...node(''), command: '/bin/sh', args: ['-c', `"$0" -e "$1"; true`, process.execPath, stubborn] },
      listener,
    );
    const [pid] = await listener.received(1);
    expect(isRunning(Number(pid))).toBe(true);
    await channel.close();
    await vanished([Number(pid)]);
    // Not even a zombie is left of the leader.
    expect(readProcessStat(channel.pid ?? 0)).toBeUndefined();
    expect(listener.closes).toEqual([undefined]);
  });

  describe.each([
    ['with a cgroup where one can be had', true],
    ['without a cgroup', false],
  ])('%s', (_where, cgroups) => {
    // guard: child/escaped
    onLinux.each([
      ['crashes', 'known', (channel: ChildChannel) => process.kill(channel.pid ?? 0, 'SIGKILL')],
      ['crashes', 'unknown', (channel: ChildChannel) => process.kill(channel.pid ?? 0, 'SIGKILL')],
      ['is closed', 'known', (channel: ChildChannel) => void channel.close()],
      ['is closed', 'unknown', (channel: ChildChannel) => void channel.close()],
    ])(
      'takes descendants in sessions of their own with a child that %s, whose environment is %s',
      async (_how, environment, end) => {
        const own = new NodeChildLauncher({ graceMs: 200, cgroups });
        const listener = new RecordingListener();
        const channel = own.launch(node(ESCAPES(environment)), listener);
        const bystander = spawn('sleep', ['30'], { detached: true, stdio: 'ignore' });
        const pids = (await listener.received(1)).flatMap((line) => line.split(' ').map(Number));
        toEnd.push(...pids, channel.pid ?? 0, bystander.pid ?? 0);
        expect(pids.map(isRunning)).toEqual([true, true]);
        // It is looked every 100 ms at first.
        await new Promise((resolve) => setTimeout(resolve, 300));
        end(channel);
        await listener.closed();
        await vanished(pids);
        expect(isRunning(bystander.pid ?? 0)).toBe(true);
        await own.close();
      },
    );
  });

  onLinux('finds who was left by its parent before anybody looked, by the mark of the child', async () => {
    const own = new NodeChildLauncher({ graceMs: 200, cgroups: false });
    const listener = new RecordingListener();
    const other = new RecordingListener();
    const orphan = `require('node:child_process').spawn('/bin/sh', ['-c', 'setsid sleep 30 </dev/null >/dev/null 2>&1 & echo $!']).stdout.on('data', (pid) => console.log(String(pid).trim()))`;
    own.launch(node(`${orphan}; process.stdin.resume()`), other);
    const channel = own.launch(node(`${orphan}; process.stdin.on('data', () => process.exit(1))`), listener);
    const [spared = '0'] = await other.received(1);
    const [pid = '0'] = await listener.received(1);
    toEnd.push(Number(spared), Number(pid));
    expect([spared, pid].map((text) => isRunning(Number(text)))).toEqual([true, true]);
    channel.send('x');
    await listener.closed();
    await vanished([Number(pid)]);
    // That of another child of the same Omni is left alone.
    expect(isRunning(Number(spared))).toBe(true);
    await own.close();
    await vanished([Number(spared)]);
  });

  // guard: child/escaped-at-close
  onLinux('takes a descendant with it that nobody has seen when the launcher closes', async () => {
    const own = new NodeChildLauncher({ graceMs: 200, cgroups: false });
    const listener = new RecordingListener();
    own.launch(node(`console.log(process.env.OMNI_OWNER); process.stdin.resume()`), listener);
    const [mark = ''] = await listener.received(1);
    const unseen = spawn('sleep', ['30'], {
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], OMNI_OWNER: `${mark}0` },
    });
    toEnd.push(unseen.pid ?? 0);
    await own.close();
    await vanished([unseen.pid ?? 0]);
  });

  // guard: child/left-behind
  it('takes what a wrapper left behind when that exits by itself [S000-PROC-06]', async () => {
    const listener = new RecordingListener();
    launcher.launch(
      { ...node(''), command: '/bin/sh', args: ['-c', 'sleep 30 & echo $!; exit 0'] },
      listener,
    );
    const [pid] = await listener.received(1);
    await listener.closed();
    await vanished([Number(pid)]);
  });

  // guard: child/kill
  it('sends the end of input first, then SIGTERM, then SIGKILL [S000-SHD-02] [S000-SHD-04]', async () => {
    const marks = join(folder, 'marks');
    const script = `
      const mark = (text) => require('node:fs').appendFileSync(${JSON.stringify(marks)}, text + ' ');
      process.stdin.on('end', () => mark('eof')).resume();
      process.on('SIGTERM', () => mark('term'));
      setInterval(() => {}, 1000);
      console.log('ready');
    `;
    const listener = new RecordingListener();
    const channel = launcher.launch(node(script), listener);
    await listener.received(1);
    await channel.close();
    expect(await readFile(marks, 'utf8')).toBe('eof term ');
    expect(isRunning(channel.pid ?? 0)).toBe(false);
  });

  it('hurries when it is closed again', async () => {
    const patient = new NodeChildLauncher({ graceMs: 60_000 });
    const listener = new RecordingListener();
    const channel = patient.launch(
      node(`process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)`),
      listener,
    );
    await listener.received(1);
    void channel.close();
    void channel.close();
    await channel.close();
    expect(isRunning(channel.pid ?? 0)).toBe(false);
    await patient.close();
  });

  it('delivers what was sent before the close', async () => {
    const listener = new RecordingListener();
    const channel = launcher.launch(node(ECHO), listener);
    channel.send('first');
    channel.send('last');
    await channel.close();
    expect(listener.messages).toEqual(['first', 'last']);
  });

  // guard: child/after-close
  it('starts nothing after it is closed, and leaves no reaper', async () => {
    const brief = new NodeChildLauncher({ graceMs: 50 });
    brief.launch(node(ECHO), new RecordingListener());
    const reaper = brief.reaperPid ?? 0;
    expect(isRunning(reaper)).toBe(true);
    await brief.close();
    const listener = new RecordingListener();
    expect(brief.launch(node(ECHO), listener).pid).toBeUndefined();
    expect(await listener.closed()).toMatchObject({ code: 'OMNI_UPSTREAM_SPAWN_FAILED' });
    expect(isRunning(reaper)).toBe(false);
  });
});

describe('NodeChildLauncher whose process dies', () => {
  const parents: ChildProcess[] = [];

  afterEach(() => {
    for (const parent of parents.splice(0)) parent.kill('SIGKILL');
  });

  /** A process that launches three kinds of children and prints every pid, its reaper's first. */
  async function startParent(
    more: readonly ChildSpec[] = [],
    delayMs = 0,
  ): Promise<{ parent: ChildProcess; pids: number[] }> {
    const stubborn = `process.on('SIGTERM', () => {}); process.on('SIGHUP', () => {}); process.stdin.resume(); setInterval(() => {}, 1000); console.log(process.pid)`;
    const wrapper = {
      ...node(''),
      command: '/bin/sh',
      args: ['-c', `"$0" -e "$1"; true`, process.execPath, stubborn],
    };
    const specs: ChildSpec[] = [
      wrapper,
      node(stubborn),
      { ...node(''), command: '/bin/sh', args: ['-c', 'sleep 60 & sleep 60 & echo $!; wait'] },
      ...more,
    ];
    const script = `
      import { NodeChildLauncher } from ${JSON.stringify(SOURCE)};
      const launcher = new NodeChildLauncher({ cgroups: false });
      process.stdin.on('data', () => console.log('here'));
      const pids = [];
      for (const spec of ${JSON.stringify(specs)}) {
        const channel = launcher.launch(spec, {
          onMessage(text) {
            pids.push([channel.pid, ...text.split(' ').map(Number)]);
            if (pids.length === ${specs.length}) setTimeout(() => console.log(JSON.stringify([launcher.reaperPid, ...pids.flat()])), ${delayMs});
          },
          onFramingError() {}, onClose() {},
        });
      }
    `;
    const parent = spawn(process.execPath, nodeArguments(script), { stdio: ['pipe', 'pipe', 'inherit'] });
    parents.push(parent);
    const line = await nextOutput(parent);
    const pids = JSON.parse(line) as number[];
    toEnd.push(...pids);
    return { parent, pids };
  }

  it.each(['SIGKILL', 'SIGTERM'] as const)('leaves nobody behind two seconds after %s', async (signal) => {
    const { parent, pids } = await startParent();
    expect(new Set(pids).size).toBeGreaterThanOrEqual(6);
    expect(pids.map(isRunning)).not.toContain(false);
    parent.kill(signal);
    const startedAt = performance.now();
    await vanished(pids);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  onLinux('takes descendants in sessions of their own along after SIGKILL', async () => {
    const { parent, pids } = await startParent([node(ESCAPES('known')), node(ESCAPES('unknown'))], 500);
    expect(pids.map(isRunning)).not.toContain(false);
    parent.kill('SIGKILL');
    await vanished(pids);
  });

  it('would leave children behind without the reaper', async () => {
    // The negative control of the test above.
    const { parent, pids } = await startParent();
    const [reaper = 0, ...children] = pids;
    process.kill(parent.pid ?? 0, 'SIGSTOP');
    process.kill(reaper, 'SIGKILL');
    process.kill(parent.pid ?? 0, 'SIGKILL');
    await vanished([parent.pid ?? 0]);
    expect(children.some(isRunning)).toBe(true);
    for (const pid of children) killQuietly(pid);
    await vanished(children);
  });

  it('starts a new reaper when the old one is killed', async () => {
    const { parent, pids } = await startParent();
    const [reaper = 0, ...children] = pids;
    process.kill(reaper, 'SIGKILL');
    await vanished([reaper]);
    await reaperOf(parent.pid ?? 0);
    // The new one is seen before it has been told whom to look after: that is done when the parent answers.
    const answer = nextOutput(parent);
    parent.stdin?.write('?');
    await answer;
    parent.kill('SIGKILL');
    await vanished(children);
  });

  it('is not ended by the signals of a terminal', async () => {
    const { parent, pids } = await startParent();
    const [reaper = 0, ...children] = pids;
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.kill(reaper, signal);
    parent.kill('SIGKILL');
    await vanished([reaper, ...children]);
  });
});

function nextOutput(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString())));
}

function node(script: string): ChildSpec {
  return {
    upstream: 'test',
    command: process.execPath,
    args: ['-e', script],
    env: {},
    secretValues: () => [],
    onReport() {},
    maxMessageBytes: 16 * 1_048_576,
  };
}

function nodeArguments(script: string): string[] {
  return [
    '--conditions=@omni/source',
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    script,
  ];
}

function isRunning(pid: number): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}

/** Waits for the kernel; the test's own timeout is the limit. */
async function vanished(pids: readonly number[]): Promise<void> {
  while (pids.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Waits for the reaper of a process: its child with that name. */
async function reaperOf(parent: number): Promise<void> {
  for (;;) {
    const children = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(' ');
    for (const child of children) {
      const line = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
      if (line.includes('omni-reaper') && isRunning(Number(child))) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  return text;
}
