import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import { ALL_SERVERS, type Answer, endpointOf } from '@omni/model';
import { GatewayError, type LogFields, type Logger } from '@omni/ports';
import { RecordingExchange, VirtualClock } from '@omni/testing';
import { RequestLog } from './request-log.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const OK: Answer = { kind: 'message', payload: '{"jsonrpc":"2.0","id":1,"result":{}}', status: 200 };

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

function logAt(level: 'debug' | 'info'): {
  readonly lines: Line[];
  readonly clock: VirtualClock;
  readonly log: RequestLog;
} {
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
  return { lines, clock, log: new RequestLog({ logger, clock }) };
}

const failure = (): Answer => ({
  kind: 'error',
  error: new GatewayError('OMNI_UPSTREAM_EXITED', '"one" exited'),
});

describe('RequestLog', () => {
  // guard: log/arguments
  it('tells of each request at debug, with ids, time and outcome, and never the arguments [S003-LG-01]', () => {
    const { lines, clock, log } = logAt('debug');
    const record = log.begin(requestOf(`"traceparent":"${TRACEPARENT}"`), {
      principal: 'ada',
      sessionId: 'http-7',
      endpoint: endpointOf('files'),
    });
    clock.advance(12);
    record.answered(OK);
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

  // guard: log/method
  it('shows at most a hundred characters of a method', () => {
    const { lines, log } = logAt('debug');
    const message = parseMessage(`{"jsonrpc":"2.0","id":1,"method":"${'m'.repeat(1_000)}"}`, {
      maxDepth: 4,
      maxElements: 10,
    });
    if (message.kind !== 'request') throw new TypeError('no request');
    log.begin(message, { principal: 'ada', sessionId: undefined, endpoint: ALL_SERVERS }).answered(OK);
    expect(lines[0]?.fields['method']).toBe('m'.repeat(100));
  });

  it('gives each request an id of its own', () => {
    const { lines, log } = logAt('debug');
    for (let count = 0; count < 3; count++)
      log.begin(requestOf(), { principal: 'ada', sessionId: undefined, endpoint: ALL_SERVERS }).answered(OK);
    expect(new Set(lines.map(({ fields }) => fields['requestId'])).size).toBe(3);
  });

  it('takes the trace of the header when the body names none', () => {
    const { lines, log } = logAt('debug');
    const exchange = new RecordingExchange({ headers: ['traceparent', TRACEPARENT] });
    log
      .begin(requestOf('"traceparent":"nonsense"'), {
        principal: 'ada',
        sessionId: undefined,
        endpoint: ALL_SERVERS,
        exchange,
      })
      .answered(OK);
    expect(lines[0]?.fields).toMatchObject({ traceId: TRACE });
  });

  it.each<[string, Answer]>([
    [
      '-32042',
      {
        kind: 'message',
        payload: new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"error":{"code":-32042,"message":"x"}}'),
        status: 200,
      },
    ],
    ['OMNI_NAME_UNKNOWN', { kind: 'error', error: new GatewayError('OMNI_NAME_UNKNOWN', 'x') }],
  ])('names the outcome %s', (outcome, answer) => {
    const { lines, log } = logAt('debug');
    log
      .begin(requestOf(), { principal: 'ada', sessionId: undefined, endpoint: ALL_SERVERS })
      .answered(answer);
    expect(lines.map(({ level, fields }) => [level, fields['outcome']])).toEqual([['debug', outcome]]);
  });

  it('tells of cancelled requests', () => {
    const { lines, log } = logAt('debug');
    log.begin(requestOf(), { principal: 'ada', sessionId: undefined, endpoint: ALL_SERVERS }).cancelled();
    expect(lines[0]?.fields).toMatchObject({ outcome: 'cancelled' });
  });

  it('is silent above debug unless a server or Omni failed', () => {
    const { lines, log } = logAt('info');
    const begin = (): ReturnType<RequestLog['begin']> =>
      log.begin(requestOf(), { principal: 'ada', sessionId: 'http-1', endpoint: ALL_SERVERS });
    begin().answered(OK);
    begin().cancelled();
    begin().answered({ kind: 'error', error: new GatewayError('OMNI_PARAMS_INVALID', 'x') });
    expect(lines).toEqual([]);
    begin().answered(failure());
    const cause = new TypeError('a bug');
    begin().answered({ kind: 'error', error: GatewayError.from(cause) });
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
    const { lines, clock, log } = logAt('info');
    const fail = (): void =>
      log
        .begin(requestOf(), { principal: 'ada', sessionId: undefined, endpoint: ALL_SERVERS })
        .answered(failure());
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
