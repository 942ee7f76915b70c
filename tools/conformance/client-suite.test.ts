import { describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { runClientSuite } from './client-suite.ts';

describe('runClientSuite', () => {
  it('passes the client of the SDK without Omni', async () => {
    const { scored, unscored } = await runClientSuite('2025-11-25', { front: 'direct' });
    expect(scored).toEqual({ passed: 4, total: 4, failed: [] });
    expect(unscored.failed).toEqual([]);
  }, 60_000);

  it('fails what stands between and passes nothing on', async () => {
    const main = fileURLToPath(new URL('client/deaf-omni.fixture.mjs', import.meta.url));
    const told: string[] = [];
    const { scored } = await runClientSuite(
      '2025-11-25',
      { front: 'stdio', main },
      { without: ['initialize'], onRefused: (text) => told.push(text) },
    );
    expect(told).toHaveLength(4);
    expect(scored).toEqual({
      passed: 0,
      total: 3,
      failed: ['tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry'],
    });
  }, 60_000);
});
