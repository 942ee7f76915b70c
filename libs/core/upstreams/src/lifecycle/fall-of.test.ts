import { describe, expect, it } from '@jest/globals';
import { GatewayError, type GatewayErrorCode } from '@omni/ports';
import { fallOf } from './fall-of.ts';

function natureOf(
  code: GatewayErrorCode,
  data: Readonly<Record<string, unknown>> = {},
  permanentExitCodes?: readonly number[],
): string {
  const spec = permanentExitCodes === undefined ? {} : { permanentExitCodes };
  return fallOf(new GatewayError(code, 'why', { data }), spec, []).nature;
}

describe('fallOf', () => {
  // guard: lifecycle/not-startable
  it.each([
    ['ENOENT', 'misconfigured'],
    ['EACCES', 'misconfigured'],
    ['ENOTDIR', 'misconfigured'],
    ['EMFILE', 'failure'],
    ['EAGAIN', 'failure'],
    ['ENOMEM', 'failure'],
    [undefined, 'failure'],
  ])('takes a program that cannot be started for %s for %s', (reason, nature) => {
    expect(natureOf('OMNI_UPSTREAM_SPAWN_FAILED', { reason })).toBe(nature);
    expect(natureOf('OMNI_UPSTREAM_EXITED', { reason })).toBe('failure');
  });

  // guard: lifecycle/permanent-exit
  it('takes exit codes for what the definition says', () => {
    expect(natureOf('OMNI_UPSTREAM_EXITED', { exitCode: 78 }, [78])).toBe('misconfigured');
    expect(natureOf('OMNI_UPSTREAM_EXITED', { exitCode: 1 }, [78])).toBe('failure');
    expect(natureOf('OMNI_UPSTREAM_EXITED', { exitCode: 78 })).toBe('failure');
    expect(natureOf('OMNI_UPSTREAM_EXITED', { exitCode: null }, [78])).toBe('failure');
  });

  // guard: lifecycle/login
  it('takes refused credentials for a login that is waited for, and nothing else', () => {
    expect(natureOf('OMNI_UPSTREAM_HTTP_STATUS', { status: 401 })).toBe('login');
    for (const status of [403, 404, 429, 500])
      expect(natureOf('OMNI_UPSTREAM_HTTP_STATUS', { status })).toBe('failure');
  });

  it('keeps code, words and the pause that the server asks for, and nothing else', () => {
    const error = new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', 'busy', {
      data: { status: 429, retryAfterSeconds: 7 },
    });
    expect(fallOf(error, {}, [])).toEqual({
      error: { code: 'OMNI_UPSTREAM_HTTP_STATUS', message: 'busy', hint: error.hint },
      pauseMs: 7_000,
      nature: 'failure',
    });
  });

  // guard: lifecycle/error-secrets
  it('keeps no secret of the definition', () => {
    const error = new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', '"/opt/hunter2-secret/x" does not exist', {
      hint: 'Look into /opt/hunter2-secret.',
    });
    expect(fallOf(error, {}, ['hunter2-secret']).error).toMatchObject({
      message: '"/opt/***/x" does not exist',
      hint: 'Look into /opt/***.',
    });
  });
});
