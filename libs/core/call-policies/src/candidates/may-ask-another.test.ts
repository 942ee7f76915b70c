import { describe, expect, it } from '@jest/globals';
import { mayHaveRun } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { mayAskAnother } from './may-ask-another.ts';

const STATUS = (status: number): GatewayError =>
  new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', 'it says so', { data: { status } });

describe('mayAskAnother', () => {
  it.each([
    ['an open breaker', new GatewayError('OMNI_CIRCUIT_OPEN', ''), 'not-sent', true],
    ['a breaker that is held open', new GatewayError('OMNI_OVERRIDDEN', ''), 'not-sent', true],
    ['a server that is down', new GatewayError('OMNI_UPSTREAM_DOWN', ''), 'not-sent', true],
    ['a full queue', new GatewayError('OMNI_QUEUE_FULL', ''), 'not-sent', true],
    ['a quota that is used up', new GatewayError('OMNI_QUOTA_USED_UP', ''), 'not-sent', true],
    ['a full server', new GatewayError('OMNI_OVERLOADED', ''), 'not-sent', true],
    ['a refused connection', new GatewayError('OMNI_UPSTREAM_UNREACHABLE', ''), 'not-sent', true],
    ['a tool that is not there', new GatewayError('OMNI_NAME_UNKNOWN', ''), 'not-sent', true],
    ['status 429', STATUS(429), 'head-received', true],
    ['status 503', STATUS(503), 'head-received', false],
    ['an exit behind the call', new GatewayError('OMNI_UPSTREAM_EXITED', ''), 'sent', false],
    ['a connection lost behind the call', new GatewayError('OMNI_UPSTREAM_UNREACHABLE', ''), 'sent', false],
    ['wrong parameters', new GatewayError('OMNI_PARAMS_INVALID', ''), 'not-sent', false],
    ['an error of Omni', new GatewayError('OMNI_INTERNAL', ''), 'not-sent', false],
    ['the end of Omni', new GatewayError('OMNI_SHUTTING_DOWN', ''), 'not-sent', false],
  ] as const)('decides about %s', (_what, error, phase, expected) => {
    expect(mayAskAnother(error, phase)).toBe(expected);
  });

  // guard: candidates/not-run
  it('does not when something that has run goes on, whatever the refusal', () => {
    expect(mayAskAnother(mayHaveRun(STATUS(429)), 'head-received')).toBe(false);
  });
});
