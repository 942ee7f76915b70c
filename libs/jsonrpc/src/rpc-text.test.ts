import { GATEWAY_ERRORS, GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { parseMessage, type RpcMessage } from './rpc-message.ts';
import { errorText, notificationText, requestText, resultText, withId } from './rpc-text.ts';

describe('rpc text', () => {
  it('writes requests with and without params', () => {
    expect(requestText('1', 'ping', '')).toBe('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    expect(requestText('"a"', 'tools/call', '{ "x":1.0 }')).toBe(
      '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{ "x":1.0 }}',
    );
  });

  it('writes notifications with and without params', () => {
    expect(notificationText('notifications/initialized', '')).toBe(
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    );
    expect(notificationText('x', '{}')).toBe('{"jsonrpc":"2.0","method":"x","params":{}}');
  });

  // guard: message/method-escape
  it('escapes a method that could break out of its string', () => {
    const text = requestText('1', 'a","id":2,"x":"', '');
    expect(JSON.parse(text)).toEqual({ jsonrpc: '2.0', id: 1, method: 'a","id":2,"x":"' });
  });

  it('writes results with their JSON as it is', () => {
    expect(resultText('9007199254740993', '{"n":1e400}')).toBe(
      '{"jsonrpc":"2.0","id":9007199254740993,"result":{"n":1e400}}',
    );
  });

  it('writes what the parser takes for the same message', () => {
    expect(parsed(requestText('1', 'ping', '{}'))).toMatchObject({
      kind: 'request',
      id: '1',
      method: 'ping',
    });
    expect(parsed(notificationText('x', ''))).toMatchObject({ kind: 'notification', method: 'x' });
    expect(parsed(resultText('"a"', '{}'))).toMatchObject({ kind: 'response', id: '"a"' });
    expect(parsed(errorText('null', new GatewayError('OMNI_INTERNAL', 'x')))).toMatchObject({
      kind: 'response',
      id: 'null',
    });
  });

  it('writes an error with the code of the table, its own code and its hint', () => {
    const error = new GatewayError('OMNI_NAME_UNKNOWN', 'There is no tool "x"');
    expect(JSON.parse(errorText('"a"', error))).toEqual({
      jsonrpc: '2.0',
      id: 'a',
      error: {
        code: GATEWAY_ERRORS.OMNI_NAME_UNKNOWN.jsonRpcCode,
        message: 'There is no tool "x"',
        data: { code: 'OMNI_NAME_UNKNOWN', hint: GATEWAY_ERRORS.OMNI_NAME_UNKNOWN.hint },
      },
    });
  });

  // guard: message/error-data
  it('adds the data of the error, which cannot replace code and hint', () => {
    const error = new GatewayError('OMNI_VERSION_UNSUPPORTED', 'no', {
      hint: 'ask for another',
      data: { supported: ['2026-07-28'], code: 'x', hint: 'y' },
    });
    expect(JSON.parse(errorText('1', error))).toMatchObject({
      error: {
        data: { supported: ['2026-07-28'], code: 'OMNI_VERSION_UNSUPPORTED', hint: 'ask for another' },
      },
    });
  });

  it('never writes cause or stack', () => {
    const error = new GatewayError('OMNI_INTERNAL', 'failed', { cause: new TypeError('canary') });
    expect(errorText('1', error)).not.toMatch(/canary|stack|rpc-text/);
  });

  // guard: message/error-controls
  it('writes what acts on a terminal as escapes', () => {
    const acting = 'a\u007f\u009b2J\u202e\u2028b';
    const text = errorText('1', new GatewayError('OMNI_INTERNAL', acting, { data: { [acting]: acting } }));
    expect(text).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028]/u);
    expect(JSON.parse(text)).toMatchObject({ error: { message: acting, data: { [acting]: acting } } });
  });
});

describe('withId', () => {
  it('changes the id and nothing else', () => {
    const text = ' { "result" : {"id":5, "n":1.0}, "id" : 5 , "jsonrpc":"2.0"} ';
    expect(withId(parsed(text), '"client-1"')).toBe(
      ' { "result" : {"id":5, "n":1.0}, "id" : "client-1" , "jsonrpc":"2.0"} ',
    );
  });

  it('gives the text itself back when the id is the same', () => {
    const text = '{"jsonrpc":"2.0","id":5,"method":"ping"}';
    expect(withId(parsed(text), '5')).toBe(text);
  });

  it('tells a number from the string of the same digits', () => {
    expect(withId(parsed('{"jsonrpc":"2.0","id":5,"method":"ping"}'), '"5"')).toBe(
      '{"jsonrpc":"2.0","id":"5","method":"ping"}',
    );
  });

  it('gives an error that names no request the id', () => {
    expect(withId(parsed('{"jsonrpc":"2.0","error":{"code":1,"message":""}}'), '"a"')).toBe(
      '{"id":"a","jsonrpc":"2.0","error":{"code":1,"message":""}}',
    );
  });

  it('leaves a notification without id', () => {
    const text = '{"jsonrpc":"2.0","method":"x","params":{"id":1}}';
    expect(withId(parsed(text), '9')).toBe(text);
  });
});

function parsed(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 64, maxElements: 1_000 });
  if (message.kind === 'rejected' || message.kind === 'batch')
    throw new TypeError(`parsed as ${message.kind}`);
  return message;
}
