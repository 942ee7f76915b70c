import { describe, expect, it } from '@jest/globals';
import { GATEWAY_ERRORS, GatewayError, type GatewayErrorCode } from '@omni/ports';
import { FrontFixture } from '../front.fixture.ts';

// The keys of a constant table are exactly its codes.
const CODES = Object.keys(GATEWAY_ERRORS) as GatewayErrorCode[];
const CALL = { name: 'files__read', params: '"name":"files__read","arguments":{}' };

/** What a client is answered where its call fails with this. */
async function answerTo(error: GatewayError): Promise<{ readonly status: number; readonly text: string }> {
  const front = new FrontFixture();
  const exchange = await front.modern('tools/call', CALL);
  front.dispatch.last.fail(error);
  return { status: exchange.status, text: exchange.text() };
}

describe('errors of Omni', () => {
  it.each(CODES)('reach a client as an error of MCP: %s [S003-PH-07]', async (code) => {
    const { jsonRpcCode, httpStatus, hint } = GATEWAY_ERRORS[code];
    const cause = new TypeError('canary of the cause');
    const error = new GatewayError(code, 'What happened.', { cause, logText: 'canary of the log' });
    const { status, text } = await answerTo(error);
    expect(status).toBe(httpStatus);
    expect(JSON.parse(text)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: jsonRpcCode, message: 'What happened.', data: { ...error.data, code, hint } },
    });
    expect(text).not.toContain('canary');
  });

  it.each<readonly [string, GatewayError, string]>([
    [
      'a name that leads nowhere',
      new GatewayError('OMNI_NAME_UNKNOWN', 'No tool "x" is offered'),
      '{"code":-32602,"message":"No tool \\"x\\" is offered","data":{"code":"OMNI_NAME_UNKNOWN","hint":"List again; what is offered may have changed."}}',
    ],
    [
      'no place',
      new GatewayError('OMNI_OVERLOADED', 'limits.maxInFlight is reached', { retryAfterS: 3 }),
      '{"code":-31020,"message":"limits.maxInFlight is reached","data":{"retryAfterS":3,"code":"OMNI_OVERLOADED","hint":"Try again after data.retryAfterS seconds (Retry-After over HTTP), or raise the limit that the message names."}}',
    ],
    [
      'what nobody foresaw',
      GatewayError.from(new TypeError('canary: token=hunter2')),
      '{"code":-32603,"message":"Omni failed unexpectedly while handling this request","data":{"code":"OMNI_INTERNAL","hint":"Report it with the request id and the log line."}}',
    ],
  ])('say what happened and what to do [S003-PH-07]: %s', async (_what, error, golden) => {
    expect((await answerTo(error)).text).toBe(`{"jsonrpc":"2.0","id":1,"error":${golden}}`);
  });

  it('hide what nobody foresaw, wherever it is thrown [S003-PH-07]', async () => {
    const front = new FrontFixture();
    front.dispatch.failure = new TypeError('canary: postgres://user:hunter2@db');
    const exchange = await front.modern('tools/call', CALL);
    expect(exchange.status).toBe(500);
    expect(exchange.text()).toContain('OMNI_INTERNAL');
    expect(exchange.text()).not.toMatch(/canary|hunter2|TypeError|\bat /);
  });
});
