import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from '@jest/globals';

const SOURCE = new URL('./launcher-watch.ts', import.meta.url).href;
const onLinux = process.platform === 'linux' ? it : it.skip;

/**
 * Says its parent and itself, then `gone` when it has lost who runs it, and then `here` every time that it is
 * asked.
 */
const WATCHER = `
  const { watchLaunchers } = await import(${JSON.stringify(SOURCE)});
  watchLaunchers({ environment: process.env, parent: process.ppid }, () => console.log('gone'));
  process.on('SIGUSR2', () => console.log('here'));
  console.log(process.ppid + ' ' + process.pid);
  setInterval(() => {}, 1000);
`;
const WATCHER_ARGS = [
  '--conditions=@omni/source',
  '--disable-warning=ExperimentalWarning',
  '--input-type=module',
  '-e',
  WATCHER,
];
/** Starts the watcher, by a shell when it says so, and calls itself as npm does. */
const NPM = (isByShell: boolean): string => `
  process.title = 'npm start --x';
  const args = ${JSON.stringify(WATCHER_ARGS)};
  const { spawn } = require('node:child_process');
  const env = { ...process.env, WATCHER: args.at(-1) };
  if (${isByShell}) spawn('/bin/sh', ['-c', '"' + process.execPath + '" ' + args.slice(0, -1).join(' ') + ' "$WATCHER"; true'], { stdio: 'inherit', env });
  else spawn(process.execPath, args, { stdio: 'inherit' });
`;
const WRAPPER = `
  require('node:child_process').spawn(process.execPath, ${JSON.stringify(WATCHER_ARGS)}, {
    stdio: 'inherit',
    env: { ...process.env, OMNI_WRAPPER: String(process.pid) },
  });
`;

describe('watchLaunchers', () => {
  const toEnd: number[] = [];
  afterEach(() => {
    for (const pid of toEnd.splice(0)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended as it should.
      }
    }
  });

  async function start(
    command: string,
    args: readonly string[],
  ): Promise<{ child: ChildProcess; lines: Lines; parent: number; pid: number }> {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = new Lines(child);
    const [parent = 0, pid = 0] = (await lines.next()).split(' ').map(Number);
    toEnd.push(child.pid ?? 0, parent, pid);
    return { child, lines, parent, pid };
  }

  onLinux.each([
    ['npm', 'npm', NPM(false)],
    ['npm above a shell', 'npm', NPM(true)],
    ['the shell below npm', 'shell', NPM(true)],
    ['the wrapper of Omni', 'npm', WRAPPER],
  ])('tells when %s has been killed', async (_what, victim, script) => {
    const { child, lines, parent } = await start(process.execPath, ['-e', script]);
    process.kill(victim === 'npm' ? (child.pid ?? 0) : parent, 'SIGKILL');
    expect(await lines.next()).toBe('gone');
  });

  onLinux('lets the shell of a user go, which has started it in the background', async () => {
    const watcher = WATCHER_ARGS.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    const { child, lines, pid } = await start('/bin/sh', [
      '-c',
      `nohup "$0" ${watcher} 2>/dev/null & wait`,
      process.execPath,
    ]);
    child.kill('SIGKILL');
    // Longer than from one look to the next.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    process.kill(pid, 'SIGUSR2');
    expect(await lines.next()).toBe('here');
  });
});

/** What a process says, line by line. */
class Lines {
  readonly #lines: string[] = [];
  #wake: () => void = () => {};

  constructor(child: ChildProcess) {
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      this.#wake();
    });
  }

  async next(): Promise<string> {
    while (this.#lines.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#lines.shift() ?? '';
  }
}
