import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { ALL_SERVERS, type ClientBinding, type Endpoint, endpointOf, type Outcome } from '@omni/model';
import { type Exchange, GatewayError, type LogFields, type Logger, type Random } from '@omni/ports';
import { RecordingExchange, VirtualClock } from '@omni/testing';
import { RequestLog } from './request-log.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const OK: Outcome = { kind: 'message', payload: '{"jsonrpc":"2.0","id":1,"result":{}}', status: 200 };

interface Line {
  readonly level: string;
  readonly fields: LogFields;
  readonly message: string;
}

function requestOf(meta = ''): RpcMessage {
  const message = parseMessage(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{${meta}},"arguments":{"password":"canary"}}}`,
    {
      maxDepth: 64,
      maxElements: 100,
    },
  );
  if (message.kind !== 'request') throw new TypeError('no request');
  return message;
}

interface Told {
  readonly message?: RpcMessage;
  readonly endpoint?: Endpoint;
  readonly session?: string;
  readonly headers?: Pick<Exchange, 'header'>;
}

interface Scene {
  readonly lines: Line[];
  readonly clock: VirtualClock;
  /** Tells of a request that comes now and ends after this time. */
  tell(outcome: Outcome, told?: Told, afterMs?: number): void;
}

function logAt(level: 'debug' | 'info', infoShare = 0, random: Random = () => 0): Scene {
  const lines: Line[] = [];
  const to =
    (name: string) =>
    (fields: LogFields, message: string): void =>
      void lines.push({ level: name, fields, message });
  const logger: Logger = {
    debugging: level === 'debug',
    debug: to('debug'),
    info: to('info'),
    warn: to('warn'),
    error: to('error'),
  };
  const clock = new VirtualClock();
  const log = new RequestLog({ logger, clock, random, infoShare });
  let number = 0;
  return {
    lines,
    clock,
    tell(outcome, { message = requestOf(), endpoint = ALL_SERVERS, session, headers } = {}, afterMs = 0) {
      const arrivedMs = log.nowMs();
      clock.advance(afterMs);
      // The log reads nothing of a session but its key.
      const binding = session === undefined ? undefined : ({ key: session } as ClientBinding);
      const client = { principal: { id: 'ada', kind: 'token' as const }, endpoint, session: binding };
      log.settled({ message, client, headers, number: ++number, arrivedMs }, outcome);
    },
  };
}

const failure = (): Outcome => ({
  kind: 'error',
  error: new GatewayError('OMNI_UPSTREAM_EXITED', '"one" exited'),
});

describe('RequestLog', () => {
  it('tells of an unknown outcome which call it was and what cut it, and what failed inside Omni', () => {
    const unknown = (cause: GatewayError): Outcome => ({
      kind: 'error',
      error: new GatewayError('OMNI_OUTCOME_UNKNOWN', 'The call may have run: a quote', {
        cause,
        logText: 'The call may have run',
        data: { operation: 'op1', cause: cause.code },
      }),
    });
    const { lines, tell } = logAt('info');
    tell(unknown(new GatewayError('OMNI_SHUTTING_DOWN', 'Omni is stopping')));
    const below = new TypeError('below');
    tell(unknown(new GatewayError('OMNI_INTERNAL', 'It failed', { cause: below })));
    const fields = { operation: 'op1', method: 'tools/call' };
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: 'The call may have run',
        fields: { ...fields, code: 'OMNI_OUTCOME_UNKNOWN', cause: 'OMNI_SHUTTING_DOWN' },
      },
      { level: 'error', fields: { ...fields, cause: 'OMNI_INTERNAL', err: below } },
    ]);
  });

  // guard: log/arguments
  it('tells of each request at debug, with ids, time and outcome, and never the arguments [S003-LG-01]', () => {
    const { lines, tell } = logAt('debug');
    const message = requestOf(`"traceparent":"${TRACEPARENT}"`);
    tell(OK, { message, session: 'http-7', endpoint: endpointOf('files') }, 12);
    expect(lines).toEqual([
      {
        level: 'debug',
        message: 'request',
        fields: {
          requestId: expect.stringMatching(/^[0-9a-z]{4}-1$/),
          principal: 'ada',
          sessionId: 'http-7',
          traceId: TRACE,
          method: 'tools/call',
          scope: 'files',
          ms: 12,
          outcome: 'ok',
        },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  // guard: log/sampling
  it('tells a share of the requests at info, and every failure all the same [S003-LG-02]', () => {
    let drawn = 0;
    const { lines, tell } = logAt('info', 0.1, () => (drawn++ % 100) / 100);
    for (let n = 0; n < 1_000; n++) tell(OK, {}, 3);
    expect(lines.filter(({ level }) => level === 'info')).toHaveLength(100);
    expect(lines.at(-1)?.fields).toMatchObject({ method: 'tools/call', ms: 3, outcome: 'ok' });
    tell(failure());
    const warned = lines.filter(({ level }) => level === 'warn');
    expect(warned).toMatchObject([{ fields: { code: 'OMNI_UPSTREAM_EXITED' } }]);
  });

  // guard: log/quoted-answer
  it('quotes nothing of an answer that only the caller may read', () => {
    const { lines, tell } = logAt('info');
    const logText = '"one" answered with HTTP status 500';
    const error = new GatewayError('OMNI_UPSTREAM_HTTP_STATUS', `${logText}: no patient canary`, { logText });
    tell({ kind: 'error', error });
    expect(lines).toMatchObject([{ level: 'warn', message: logText }]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  // guard: log/method
  it('shows at most a hundred characters of a method', () => {
    const { lines, tell } = logAt('debug');
    const message = parseMessage(`{"jsonrpc":"2.0","id":1,"method":"${'m'.repeat(1_000)}"}`, {
      maxDepth: 4,
      maxElements: 10,
    });
    if (message.kind !== 'request') throw new TypeError('no request');
    tell(OK, { message });
    expect(lines[0]?.fields['method']).toBe('m'.repeat(100));
  });

  it('gives each request an id of its own', () => {
    const { lines, tell } = logAt('debug');
    for (let count = 0; count < 3; count++) tell(OK);
    expect(new Set(lines.map(({ fields }) => fields['requestId'])).size).toBe(3);
  });

  it('takes the trace of the header when the body names none', () => {
    const { lines, tell } = logAt('debug');
    const exchange = new RecordingExchange({ headers: ['traceparent', TRACEPARENT] });
    tell(OK, { message: requestOf('"traceparent":"nonsense"'), headers: exchange });
    expect(lines[0]?.fields).toMatchObject({ traceId: TRACE });
  });

  it.each<[string, Outcome]>([
    ['ok', OK],
    ['-32042', { kind: 'message', payload: new Uint8Array(0), status: 200, errorCode: '-32042' }],
    ['ok', { kind: 'streamed', isError: false }],
    ['error', { kind: 'streamed', isError: true }],
    ['cancelled', { kind: 'cancelled' }],
    ['OMNI_OVERLOADED', { kind: 'refused', error: new GatewayError('OMNI_OVERLOADED', 'x') }],
    ['OMNI_NAME_UNKNOWN', { kind: 'error', error: new GatewayError('OMNI_NAME_UNKNOWN', 'x') }],
  ])('names the outcome %s', (word, outcome) => {
    const { lines, tell } = logAt('debug');
    tell(outcome);
    expect(lines.map(({ level, fields }) => [level, fields['outcome']])).toEqual([['debug', word]]);
  });

  it('is silent above debug unless a server or Omni failed', () => {
    const { lines, tell } = logAt('info');
    tell(OK);
    tell({ kind: 'cancelled' });
    tell({ kind: 'error', error: new GatewayError('OMNI_PARAMS_INVALID', 'x') });
    tell({ kind: 'refused', error: new GatewayError('OMNI_OVERLOADED', 'x') });
    expect(lines).toEqual([]);
    tell(failure(), { session: 'http-1' });
    const cause = new TypeError('a bug');
    tell({ kind: 'error', error: GatewayError.from(cause) });
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: '"one" exited',
        fields: { code: 'OMNI_UPSTREAM_EXITED', sessionId: 'http-1', method: 'tools/call' },
      },
      {
        level: 'error',
        message: 'a request failed inside Omni',
        fields: { err: cause, requestId: expect.any(String) },
      },
    ]);
  });

  // guard: log/flood
  it('writes ten failures a second and counts the rest', () => {
    const { lines, clock, tell } = logAt('info');
    const fail = (): void => tell(failure());
    for (let count = 0; count < 25; count++) fail();
    expect(lines).toHaveLength(10);
    clock.advance(1_000);
    expect(lines.slice(10)).toEqual([
      { level: 'warn', fields: { suppressed: 15 }, message: expect.any(String) },
    ]);
    fail();
    expect(lines).toHaveLength(12);
    clock.advance(1_000);
    expect(lines).toHaveLength(12);
    expect(clock.pendingTimers).toBe(0);
  });
});
