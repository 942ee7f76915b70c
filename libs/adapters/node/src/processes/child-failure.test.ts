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

  // guard: child/failure-secrets
  it.each(['ENOENT', 'EACCES', 'EUNKNOWN'])('says no secret in command and folder: %s', (code) => {
    const spec: ChildSpec = {
      ...SPEC,
      command: '/opt/hunter2-secret/bin/server',
      cwd: code === 'EACCES' ? '/srv/hunter2-secret' : '/',
      secretValues: () => ['hunter2-secret'],
    };
    const cause = Object.assign(new Error(`spawn ${spec.command}`), { code, path: spec.command });
    const failure = spawnFailure(spec, cause, '/bin');
    expect(failure.message).toContain('***');
    expect(failure.message + JSON.stringify(failure)).not.toContain('hunter2');
    // Errors are logged with what they are made of.
    expect(failure.cause).toBeUndefined();
  });
});
