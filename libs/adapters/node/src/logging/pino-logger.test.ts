import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { createPinoLogger } from './pino-logger.ts';

/** Linux: every write fails with ENOSPC. */
const FULL_DISK = '/dev/full';
const itWithFullDisk = existsSync(FULL_DISK) ? it : it.skip;

describe('createPinoLogger', () => {
  it('writes JSON lines of its level and above', async () => {
    const { lines, destination } = collect();
    const logger = await createPinoLogger({ level: 'info', destination });
    logger.debug({}, 'hidden');
    logger.info({ requestId: 'r1' }, 'shown');
    logger.error({}, 'failed');
    expect(lines).toMatchObject([
      { level: 'info', msg: 'shown', requestId: 'r1', time: expect.stringMatching(/^\d{4}-.*Z$/) },
      { level: 'error', msg: 'failed' },
    ]);
    expect(logger.debugging).toBe(false);
    expect((await createPinoLogger({ level: 'debug', destination })).debugging).toBe(true);
  });

  // guard: log/credentials
  it('shows no credentials', async () => {
    const { lines, destination } = collect();
    const logger = await createPinoLogger({ destination });
    logger.info(
      { authorization: 'Bearer x', token: 'x', headers: { cookie: 'x', authorization: 'x', accept: 'y' } },
      'request',
    );
    expect(lines).toMatchObject([
      { authorization: '***', token: '***', headers: { cookie: '***', authorization: '***', accept: 'y' } },
    ]);
  });

  it('hides credentials in its very first line, before anything else is set up [S003-ST-02]', async () => {
    const { lines, destination } = collect();
    const logger = await createPinoLogger({ level: 'debug', destination });
    const auth = { token: 'canary-1' };
    logger.debug({ auth, start: 'npx tool --token=canary-2' }, 'configuration: password=canary-3');
    expect(lines).toHaveLength(1);
    expect(lines).toMatchObject([{ auth: { token: '***' }, start: 'npx tool --token=***' }]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  // guard: log/redacted
  it('shows nothing that looks like a credential, in messages, fields and errors', async () => {
    const { lines, destination } = collect();
    const logger = await createPinoLogger({ destination });
    const cause = new TypeError('invalid header "authorization: Bearer hunter2hunter2"');
    logger.warn({ reason: '\u001b[1mtoken\u001b[0m=hunter2' }, 'refused: password: hunter2');
    logger.error({ error: new GatewayError('OMNI_INTERNAL', 'outer', { cause }) }, 'failed');
    logger.error({ err: cause }, 'failed');
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(lines[0]).toMatchObject({ reason: 'token=***', msg: 'refused: password: ***' });
  });

  // guard: log/controls
  it('writes lines that act on no terminal, and say the same', async () => {
    const written: string[] = [];
    const logger = await createPinoLogger({ destination: { write: (line) => written.push(line) } });
    const acting = 'a\u001b[2J\u007f\u0085\u009b31m\u061c\u202e\u2066\u2028\nb';
    logger.info({ method: acting, [acting]: { deep: acting } }, acting);
    const [line = ''] = written;
    expect(line).not.toMatch(/[^\P{Cc}\n]|[\p{Bidi_Control}\u2028]/u);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(JSON.parse(line)).toMatchObject({ method: acting, [acting]: { deep: acting }, msg: acting });
  });

  it('writes errors with their code and cause', async () => {
    const { lines, destination } = collect();
    const logger = await createPinoLogger({ destination });
    logger.warn(
      { error: new GatewayError('OMNI_INTERNAL', 'outer', { cause: new RangeError('inner') }) },
      'oops',
    );
    expect(lines).toMatchObject([
      {
        error: {
          code: 'OMNI_INTERNAL',
          message: expect.stringContaining('outer'),
          stack: expect.stringContaining('inner'),
        },
      },
    ]);
  });

  itWithFullDisk('goes on when stderr cannot be written, says so, and lets the process end', () => {
    const url = JSON.stringify(new URL('pino-logger.ts', import.meta.url).href);
    const program = `import { createPinoLogger } from ${url};
      const logger = await createPinoLogger();
      logger.info({}, 'lost');
      setTimeout(async () => { logger.info({}, 'lost too'); await logger.flush(); console.log(logger.getStatus().details.lostReason); }, 200);`;
    const { status, signal, stdout } = spawnSync(
      process.execPath,
      ['--conditions=@omni/source', '--input-type=module', '--eval', program],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', openSync(FULL_DISK, 'w')],
        timeout: 15_000,
        killSignal: 'SIGKILL',
      },
    );
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: 'ENOSPC\n' });
  });
});

function collect(): { lines: unknown[]; destination: { write(line: string): void } } {
  const lines: unknown[] = [];
  return { lines, destination: { write: (line) => lines.push(JSON.parse(line)) } };
}
