import { describe, expect, it } from '@jest/globals';
import type { ChildSpec } from '@omni/ports';
import { spawnFailure } from './child-failure.ts';

/* FAILING TESTS of a hostile reader. */

describe('R: why a program could not be started', () => {
  it('says no secret, as the event of a process that was started does not', () => {
    const spec: ChildSpec = {
      upstream: 'files',
      command: '/opt/hunter2-secret/bin/server',
      args: [],
      env: {},
      secretValues: () => ['hunter2-secret'],
      onReport() {},
      maxMessageBytes: 1_000,
    };
    const { message } = spawnFailure(spec, Object.assign(new Error('x'), { code: 'ENOENT' }), '/bin');
    expect(message).not.toContain('hunter2-secret');
  });
});
