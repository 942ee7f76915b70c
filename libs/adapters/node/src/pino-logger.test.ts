import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { createPinoLogger } from './pino-logger.ts';

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
    expect([logger.debugging, (await createPinoLogger({ level: 'debug', destination })).debugging]).toEqual([false, true]);
  });

  it('shows no credentials', async () => {
    const { lines, destination } = collect();
    const logger = await createPinoLogger({ destination });
    logger.info({ authorization: 'Bearer x', token: 'x', headers: { cookie: 'x', authorization: 'x', accept: 'y' } }, 'request');
    expect(lines).toMatchObject([{ authorization: '***', token: '***', headers: { cookie: '***', authorization: '***', accept: 'y' } }]);
  });

  it('writes errors with their code and cause', async () => {
    const { lines, destination } = collect();
    const logger = await createPinoLogger({ destination });
    logger.warn({ error: new GatewayError('OMNI_INTERNAL', 'outer', { cause: new RangeError('inner') }) }, 'oops');
    expect(lines).toMatchObject([
      { error: { code: 'OMNI_INTERNAL', message: expect.stringContaining('outer'), stack: expect.stringContaining('inner') } },
    ]);
  });
});

function collect(): { lines: unknown[]; destination: { write(line: string): void } } {
  const lines: unknown[] = [];
  return { lines, destination: { write: (line) => lines.push(JSON.parse(line)) } };
}
