import { describe, expect, it } from '@jest/globals';
import type { ChildSpec } from '@omni/ports';
import { spawnFailure } from './child-failure.ts';

const SPEC: ChildSpec = {
  upstream: 'db',
  command: 'db-server',
  args: [],
  env: {},
  secretValues: () => [],
  onReport() {},
  maxMessageBytes: 1,
};

describe('spawnFailure', () => {
  it.each([
    ['EAGAIN', 'too many processes'],
    ['EMFILE', 'too many open files'],
    ['ENFILE', 'too many open files'],
    ['ENOMEM', 'not enough memory'],
  ])('says of %s what there is too little of, and that it may go away', (code, what) => {
    const failure = spawnFailure(SPEC, Object.assign(new Error(), { code }), '/bin');
    expect(failure).toMatchObject({
      code: 'OMNI_UPSTREAM_NO_RESOURCES',
      message: `Cannot start "db": ${what}`,
      facts: { retryable: true },
    });
  });

  it('says of a missing command that it will not', () => {
    const failure = spawnFailure(SPEC, Object.assign(new Error(), { code: 'ENOENT' }), '/bin');
    expect(failure).toMatchObject({ code: 'OMNI_UPSTREAM_SPAWN_FAILED', facts: { retryable: false } });
  });
});
