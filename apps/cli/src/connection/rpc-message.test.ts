import { describe, expect, it } from '@jest/globals';
import { readMessage, requestMessage } from './rpc-message.ts';

describe('requestMessage', () => {
  it('stands alone, as the modern era wants it', () => {
    expect(JSON.parse(requestMessage(7, 'tools/list', { a: 1 }))).toEqual({
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/list',
      params: {
        a: 1,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          progressToken: 7,
        },
      },
    });
  });
});

describe('readMessage', () => {
  it('reads a result', () => {
    expect(readMessage({ jsonrpc: '2.0', id: 1, result: { a: 1 } }, 1)).toEqual({
      kind: 'result',
      result: { a: 1 },
    });
  });

  it('reads progress of this request', () => {
    const notice = {
      method: 'notifications/progress',
      params: { progressToken: 1, progress: 2, total: 5, message: 'm' },
    };

    expect(readMessage(notice, 1)).toEqual({
      kind: 'progress',
      progress: { progress: 2, total: 5, message: 'm' },
    });
    expect(readMessage(notice, 2)).toBeUndefined();
  });

  it.each([
    ['an answer to another request', { id: 2, result: {} }],
    ['another notification', { method: 'notifications/message', params: {} }],
    ['no message', 'text'],
  ])('leaves %s alone', (_what, message) => {
    expect(readMessage(message, 1)).toBeUndefined();
  });

  it("takes over Omni's own code and hint", () => {
    const error = {
      code: -31031,
      message: 'It is down',
      data: { code: 'OMNI_UPSTREAM_DOWN', hint: 'Wait.' },
    };

    expect(readMessage({ id: 1, error }, 1)).toMatchObject({
      kind: 'error',
      error: { code: 'OMNI_UPSTREAM_DOWN', message: 'It is down', hint: 'Wait.' },
    });
  });

  it.each([
    ['refused arguments', -32602, 'OMNI_ARGUMENTS_INVALID'],
    ['a question to the client', -32021, 'OMNI_INPUT_REQUIRED'],
    ['anything else', -32000, 'OMNI_TOOL_FAILED'],
  ])('finds a code for %s', (_what, code, expected) => {
    expect(
      readMessage({ id: 1, error: { code, message: 'm', data: { code: 'constructor' } } }, 1),
    ).toMatchObject({
      error: { code: expected, message: expect.stringContaining('m') },
    });
  });

  it('reads an error without id: the request could not be read', () => {
    expect(readMessage({ id: null, error: { code: -32700, message: 'm' } }, 1)).toMatchObject({
      kind: 'error',
    });
  });

  it('takes an answer without result for something that is not Omni', () => {
    expect(readMessage({ id: 1 }, 1)).toMatchObject({ error: { code: 'OMNI_GATEWAY_UNREACHABLE' } });
  });
});
