import { describe, expect, it } from '@jest/globals';
import { type CallPhase, mayHaveRun } from '@omni/model';
import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode } from '@omni/ports';
import fc from 'fast-check';
import { type AttemptEnd, mayRepeat, type RepeatQuestion } from './may-repeat.ts';

const CODES = Object.keys(GATEWAY_ERRORS) as GatewayErrorCode[];
const PHASES: readonly CallPhase[] = ['not-sent', 'sent', 'head-received'];
const SAFE = { method: 'resources/read', isTrusted: false, isShown: false };
const UNSAFE = { method: 'tools/call', isTrusted: true, isShown: false };

function failure(code: GatewayErrorCode, phase: CallPhase = 'sent', status?: number): AttemptEnd {
  const error = new GatewayError(code, 'x', status === undefined ? {} : { data: { status } });
  return { kind: 'failure', error, phase };
}

describe('mayRepeat', () => {
  // guard: repeat/statuses
  it('repeats safe calls after 408, 429, 500, 502, 503 and 504, and after no other status', () => {
    const repeated: number[] = [];
    for (let status = 300; status < 600; status++) {
      const asFailure = mayRepeat({
        ...SAFE,
        end: failure('OMNI_UPSTREAM_HTTP_STATUS', 'head-received', status),
      });
      const asAnswer = mayRepeat({ ...SAFE, end: { kind: 'answer', status } });
      expect(asFailure).toBe(asAnswer);
      if (asFailure !== undefined) repeated.push(status);
    }
    expect(repeated).toEqual([408, 429, 500, 502, 503, 504]);
  });

  it('repeats safe calls after failures on the way, in every phase', () => {
    for (const phase of PHASES) {
      const repeated = CODES.filter((code) => mayRepeat({ ...SAFE, end: failure(code, phase) }) === 'safe');
      expect(repeated.sort()).toEqual(
        // What was not sent is repeated for another reason.
        phase === 'not-sent'
          ? []
          : [
              'OMNI_FAULT_INJECTED',
              'OMNI_UPSTREAM_EXITED',
              'OMNI_UPSTREAM_TIMEOUT',
              'OMNI_UPSTREAM_UNREACHABLE',
            ],
      );
    }
  });

  // guard: repeat/safe, repeat/not-sent
  it('never repeats a call that may have done something', () => {
    for (const phase of ['sent', 'head-received'] as const)
      for (const code of CODES)
        expect([code, mayRepeat({ ...UNSAFE, end: failure(code, phase) })]).toEqual([code, undefined]);
    for (const status of [200, 400, 404, 408, 500, 502, 503, 504]) {
      expect(mayRepeat({ ...UNSAFE, end: { kind: 'answer', status } })).toBeUndefined();
      expect(
        mayRepeat({ ...UNSAFE, end: failure('OMNI_UPSTREAM_HTTP_STATUS', 'head-received', status) }),
      ).toBeUndefined();
    }
  });

  it('repeats every call that was not sent, where the way to the upstream failed', () => {
    const repeated = CODES.filter(
      (code) => mayRepeat({ ...UNSAFE, end: failure(code, 'not-sent') }) === 'not-sent',
    );
    expect(repeated.sort()).toEqual([
      'OMNI_FAULT_INJECTED',
      'OMNI_UPSTREAM_DOWN',
      'OMNI_UPSTREAM_EXITED',
      'OMNI_UPSTREAM_TIMEOUT',
      'OMNI_UPSTREAM_UNREACHABLE',
    ]);
  });

  it('repeats a call whose connection was left while it waited, and none whose server is down', () => {
    const stopped = new GatewayError('OMNI_UPSTREAM_DOWN', '"up" was stopped');
    const down = new GatewayError('OMNI_UPSTREAM_DOWN', 'down', { data: { reason: 'x', retryAfterS: 1 } });
    const reasonOf = (error: GatewayError): unknown =>
      mayRepeat({ ...UNSAFE, end: { kind: 'failure', error, phase: 'not-sent' } });
    expect([reasonOf(stopped), reasonOf(down)]).toEqual(['not-sent', undefined]);
  });

  // guard: repeat/further-round
  it('never repeats a call because something that goes on with it was refused', () => {
    const refused = new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', '429', { data: { status: 429 } });
    const end: AttemptEnd = { kind: 'failure', error: mayHaveRun(refused), phase: 'head-received' };
    expect(mayRepeat({ ...UNSAFE, end })).toBeUndefined();
    expect(mayRepeat({ ...SAFE, end })).toBe('safe');
  });

  it('repeats every call that was refused before it ran', () => {
    expect(mayRepeat({ ...UNSAFE, end: { kind: 'answer', status: 429 } })).toBe('refused');
    expect(mayRepeat({ ...UNSAFE, end: failure('OMNI_UPSTREAM_HTTP_STATUS', 'head-received', 429) })).toBe(
      'refused',
    );
    const end = { ...failure('OMNI_UPSTREAM_UNREACHABLE'), refusal: 'refused-stream' as const };
    expect(mayRepeat({ ...UNSAFE, end })).toBe('refused');
  });

  it('repeats every call that met a lost session', () => {
    const end = {
      ...failure('OMNI_UPSTREAM_HTTP_STATUS', 'head-received', 404),
      refusal: 'lost-session' as const,
    };
    expect(mayRepeat({ ...UNSAFE, end })).toBe('lost-session');
  });

  // guard: repeat/corrected
  it('repeats a call with a wrong revision or header when it has been corrected', () => {
    for (const errorCode of ['-32022', '-32020']) {
      const end: AttemptEnd = { kind: 'answer', status: 400, errorCode };
      expect(mayRepeat({ ...UNSAFE, end, isCorrected: true })).toBe('corrected');
      expect(mayRepeat({ ...UNSAFE, end })).toBeUndefined();
    }
    const end: AttemptEnd = { kind: 'answer', status: 400, errorCode: '-32602' };
    expect(mayRepeat({ ...UNSAFE, end, isCorrected: true })).toBeUndefined();
  });

  // guard: repeat/shown
  it('repeats nothing of which the client has seen something', () => {
    for (const call of [SAFE, UNSAFE])
      for (const end of [
        failure('OMNI_UPSTREAM_UNREACHABLE', 'not-sent'),
        { kind: 'answer', status: 429 } as const,
      ])
        expect(mayRepeat({ ...call, end, isShown: true })).toBeUndefined();
  });

  it('says what a list of sentences says, whatever is asked', () => {
    fc.assert(
      fc.property(questions(), (question) => {
        expect(mayRepeat(question) !== undefined).toBe(
          SENTENCES.some((holds) => holds(question)) && !question.isShown,
        );
      }),
      { seed: 1_106, numRuns: 5_000 },
    );
  });
});

const READS =
  /^(?:(?:tools|prompts|resources|tasks)\/list|resources\/(?:read|templates\/list)|prompts\/get|tasks\/get|ping|completion\/complete|server\/discover)$/;

/** Each is a reason of its own; a call with none of them is not repeated. */
const SENTENCES: readonly ((question: RepeatQuestion) => boolean)[] = [
  ({ end }) => httpOf(end) === '429',
  ({ end }) => end.kind === 'failure' && end.refusal !== undefined,
  ({ end, isCorrected = false }) =>
    end.kind === 'answer' && isCorrected && /^-3202[02]$/.test(end.errorCode ?? ''),
  ({ end }) =>
    end.kind === 'failure' &&
    end.phase === 'not-sent' &&
    (isLost(end.error.code) || end.error.code === 'OMNI_UPSTREAM_DOWN'),
  (question) => isHarmless(question) && /^(?:408|50[0234])$/.test(httpOf(question.end)),
  (question) =>
    isHarmless(question) &&
    question.end.kind === 'failure' &&
    httpOf(question.end) === '' &&
    isLost(question.end.error.code),
];

function isLost(code: string): boolean {
  return /^OMNI_(?:FAULT_INJECTED|UPSTREAM_(?:EXITED|TIMEOUT|UNREACHABLE))$/.test(code);
}

function isHarmless({ method, hints = {}, isTrusted }: RepeatQuestion): boolean {
  if (READS.test(method)) return true;
  const { isReadOnly = false, isIdempotent = false } = hints;
  return method === 'tools/call' && isTrusted && (isReadOnly || isIdempotent);
}

function httpOf(end: AttemptEnd): string {
  if (end.kind === 'answer') return String(end.status);
  const { code, data } = end.error;
  return code === 'OMNI_UPSTREAM_HTTP_STATUS' && data !== undefined ? `${Number(data['status'])}` : '';
}

function questions(): fc.Arbitrary<RepeatQuestion> {
  const status = fc.constantFrom(200, 400, 404, 408, 429, 500, 501, 502, 503, 504, 505);
  const errorCode = fc.constantFrom('-32022', '-32020', '-32603');
  const refusal = fc.constantFrom('refused-stream' as const, 'lost-session' as const);
  const answer = fc.record(
    { kind: fc.constant('answer' as const), status, errorCode },
    { requiredKeys: ['kind', 'status'] },
  );
  const failed = fc
    .tuple(
      fc.constantFrom(...CODES),
      fc.constantFrom(...PHASES),
      fc.option(status),
      fc.option(refusal, { freq: 8 }),
    )
    .map(([code, phase, withStatus, refused]): AttemptEnd => {
      const error = new GatewayError(code, 'x', withStatus === null ? {} : { data: { status: withStatus } });
      return { kind: 'failure', error, phase, ...(refused !== null && { refusal: refused }) };
    });
  const hints = fc.record({ isReadOnly: fc.boolean(), isIdempotent: fc.boolean() }, { requiredKeys: [] });
  const method = fc.constantFrom('tools/call', 'tools/list', 'resources/read', 'tasks/cancel');
  return fc.record(
    {
      method,
      hints: hints,
      isTrusted: fc.boolean(),
      isShown: fc.boolean(),
      isCorrected: fc.boolean(),
      end: fc.oneof(answer, failed),
    },
    { requiredKeys: ['method', 'isTrusted', 'isShown', 'end'] },
  );
}
