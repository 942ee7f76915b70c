import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { secretProviderContract } from '@omni/testing/contracts';
import { ProgramSecrets } from './program-secrets.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omni-program-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const NEVER = new AbortController().signal;
const secrets = new ProgramSecrets({ environment: process.env });

/** A command of Node. */
function node(script: string, ...given: readonly string[]): string {
  return [`"${process.execPath}"`, '-e', `'${script}'`, ...given].join(' ');
}

async function failure(command: string, signal = NEVER): Promise<Error> {
  return secrets.resolve(command, signal).then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
}

describe('ProgramSecrets [X002-03]', () => {
  secretProviderContract(it, () => {
    const names = ['first', 'second'].map((name) =>
      node(
        'try { process.stdout.write(require("fs").readFileSync(process.argv[1])) } catch {}',
        join(folder, name),
      ),
    ) as [string, string];
    return {
      provider: secrets,
      names,
      put: (name, value) => writeFile(name.split(' ').at(-1) ?? '', `${value}\n`),
      isWritable: false,
      isListed: false,
    };
  });

  it('gives words to the program as they are, without a shell', async () => {
    const secret = await secrets.resolve(
      node(
        'console.log(JSON.stringify(process.argv.slice(1)))',
        '$HOME',
        '"a b"',
        ';',
        'touch',
        join(folder, 'x'),
      ),
      NEVER,
    );
    expect(JSON.parse(secret?.text() ?? '')).toEqual(['$HOME', 'a b', ';', 'touch', join(folder, 'x')]);
    await expect(readFile(join(folder, 'x'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  // guard: secrets/program-words
  it('says how a program has failed, without what it printed', async () => {
    const error = await failure(
      node('console.log("s3cret-value-1"); console.error("no session for s3cret-value-1"); process.exit(3)'),
    );
    expect(error).toMatchObject({ code: 'OMNI_SECRET_UNAVAILABLE' });
    // Clients are told the message.
    expect(error.message).toMatch(/ ended with 3$/);
    expect(error.cause).toEqual(new Error('no session for ***'));
  });

  it('says that there is no such program, and that a command is none', async () => {
    expect((await failure('/nonexistent/op read x')).message).toBe(
      '/nonexistent/op cannot be started (ENOENT)',
    );
    expect((await failure('op "read')).message).toMatch(/quote that is not closed/);
  });

  it('ends a program that takes too long, with what it has started', async () => {
    const pids = join(folder, 'pids');
    const script = `const c = require("child_process").spawn("sleep", ["60"]); require("fs").writeFileSync(process.argv[1], [process.pid, c.pid].join(" ")); setInterval(() => {}, 1000)`;
    const abort = new AbortController();
    const failed = failure(node(script, pids), abort.signal);
    let written = '';
    while (written === '') {
      await new Promise((resolve) => setTimeout(resolve, 20));
      written = await readFile(pids, 'utf8').catch(() => '');
    }
    abort.abort();
    expect((await failed).message).toMatch(/did not end in time/);
    for (const pid of written.split(' ').map(Number)) await gone(pid);
  });

  // guard: secrets/program-output
  it('ends a program that prints without end', async () => {
    expect((await failure(node('setInterval(() => console.log("x".repeat(10000)), 1)'))).message).toMatch(
      /printed more than 64 KiB/,
    );
  });
});

/** Waits until a process is gone, or waits for its parent only. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (state === undefined || /\) Z /.test(state)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
