import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { downError } from './refusals.ts';
import { errorFactsOf } from './upstream-snapshot.ts';

describe('downError', () => {
  it('says why, and under which id the owner finds what the server wrote', () => {
    const cause = new GatewayError('OMNI_UPSTREAM_EXITED', '"up" exited with code 1', {
      data: { upstream: 'up', exitCode: 1, report: '0badcafe' },
    });
    expect(downError('up', errorFactsOf(cause), cause)).toMatchObject({
      code: 'OMNI_UPSTREAM_DOWN',
      message: '"up" is down: "up" exited with code 1',
      data: { reason: 'OMNI_UPSTREAM_EXITED', report: '0badcafe' },
    });
  });

  it('has no id where there is no report, or the state was restored', () => {
    const cause = new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'silent');
    for (const known of [cause, undefined])
      expect(downError('up', errorFactsOf(cause), known).data).toEqual({ reason: 'OMNI_UPSTREAM_TIMEOUT' });
  });
});
