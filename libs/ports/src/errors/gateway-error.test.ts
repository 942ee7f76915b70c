import { describe, expect, it } from '@jest/globals';
import { GatewayError } from './gateway-error.ts';
import { GATEWAY_ERRORS, type GatewayErrorCode, type GatewayErrorFacts } from './gateway-errors.ts';

/** Codes that JSON-RPC 2.0 and MCP define, and that Omni uses for what they stand for. */
const PROTOCOL_CODES = [-32700, -32600, -32601, -32602, -32603, -32001, -32020, -32021, -32022];
/** Exit codes of the `omni` command: below 64 its own, 64 as in sysexits.h; above 125 the shell's. */
const EXIT_CODES = [1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16, 64];
// The keys of a constant table are exactly its codes.
const ROWS = Object.entries(GATEWAY_ERRORS) as [GatewayErrorCode, GatewayErrorFacts][];

describe('GATEWAY_ERRORS', () => {
  it.each(ROWS)('has a sound row for %s [S003-ER-01]', (code, facts) => {
    expect(code).toMatch(/^OMNI_[A-Z]+(_[A-Z0-9]+)*$/);
    expect(isJsonRpcCodeAllowed(facts.jsonRpcCode)).toBe(true);
    expect(isHttpStatusSound(facts.httpStatus)).toBe(true);
    if (facts.exitCode !== undefined) expect(EXIT_CODES).toContain(facts.exitCode);
    expect(facts.meaning).toMatch(/^[A-Z][^\n]{10,}\.$/);
    expect(facts.hint).toMatch(/^[A-Za-z][^\n]{8,}\.$/);
  });

  it.each([-32000, -32002, -32099, -32100, -32768, -32019, -32023, -31030.5, Number.NaN])(
    'would not take the JSON-RPC code %s',
    (code) => {
      expect(isJsonRpcCodeAllowed(code)).toBe(false);
    },
  );

  it('gives each code of its own to one failure', () => {
    const own = ROWS.map(([, facts]) => facts.jsonRpcCode).filter((code) => !PROTOCOL_CODES.includes(code));
    expect(own).toEqual([...new Set(own)]);
    for (const code of own) expect(code).toBeGreaterThanOrEqual(-31999);
    for (const code of own) expect(code).toBeLessThanOrEqual(-31000);
  });

  it('keeps status and code of the protocol together', () => {
    for (const [, facts] of ROWS) {
      if (facts.jsonRpcCode === -32700) expect(facts.httpStatus).toBe(400);
      if (facts.jsonRpcCode === -32601) expect(facts.httpStatus).toBe(404);
      if (facts.jsonRpcCode <= -32020 && facts.jsonRpcCode >= -32022) expect(facts.httpStatus).toBe(400);
    }
  });

  it('calls what is over in a moment retryable, and nothing that a client must change first', () => {
    for (const [, facts] of ROWS) {
      if (facts.httpStatus === 503) expect(facts.retryable).toBe(true);
      if ([401, 403, 405, 406, 413, 415].includes(facts.httpStatus)) expect(facts.retryable).toBe(false);
    }
  });
});

describe('GatewayError', () => {
  it('takes hint and facts from its row', () => {
    const error = new GatewayError('OMNI_OVERLOADED', 'limits.maxCalls is reached');
    expect(error).toMatchObject({
      name: 'GatewayError',
      code: 'OMNI_OVERLOADED',
      message: 'limits.maxCalls is reached',
      hint: GATEWAY_ERRORS.OMNI_OVERLOADED.hint,
      data: undefined,
    });
    expect(error.facts).toBe(GATEWAY_ERRORS.OMNI_OVERLOADED);
    expect(error).toBeInstanceOf(Error);
  });

  it('prefers the hint of the occurrence and keeps data and cause', () => {
    const cause = new TypeError('below');
    const error = new GatewayError('OMNI_PARAMS_INVALID', 'x', {
      hint: 'do this',
      data: { name: 'y' },
      cause,
    });
    expect(error).toMatchObject({ hint: 'do this', data: { name: 'y' } });
    expect(error.cause).toBe(cause);
  });

  it('passes a GatewayError on as it is', () => {
    const error = new GatewayError('OMNI_USAGE', 'x');
    expect(GatewayError.from(error)).toBe(error);
  });

  it.each([[new TypeError('canary')], ['canary'], [{ secret: 'canary' }], [null], [undefined]])(
    'turns %p into OMNI_INTERNAL and keeps it as cause only',
    (thrown) => {
      const error = GatewayError.from(thrown);
      expect(error.code).toBe('OMNI_INTERNAL');
      expect(error.cause).toBe(thrown);
      expect(`${error.message} ${error.hint} ${JSON.stringify(error)}`).not.toContain('canary');
    },
  );
});

/**
 * MCP 2026-07-28, basic, "Error Codes": -32768…-32000 is reserved; codes of an implementation lie outside.
 */
function isJsonRpcCodeAllowed(code: number): boolean {
  return PROTOCOL_CODES.includes(code) || (Number.isInteger(code) && (code < -32768 || code > -32000));
}

/** 200 for errors of a handler inside a JSON-RPC answer; otherwise what HTTP counts as an error. */
function isHttpStatusSound(status: number): boolean {
  return status === 200 || (Number.isInteger(status) && status >= 400 && status < 600);
}
