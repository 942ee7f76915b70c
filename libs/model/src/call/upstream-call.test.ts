import { describe, expect, it } from '@jest/globals';
import { callParams, internalCall } from './upstream-call.ts';

describe('upstream call', () => {
  it('gives the parameters out of the text of the client, with all edits applied', () => {
    const text = '{"id":1,"params":{"name":"fs__read","arguments":{"n":1.0}}}';
    const [start, end] = [text.indexOf('{"name"'), text.length - 1];
    const name = { start: start + 8, end: start + 18, text: '"read"' };
    const call = {
      ...internalCall('tools/call', ''),
      text,
      paramsStart: start,
      paramsEnd: end,
      edits: [name],
    };
    expect(callParams(call)).toBe('{"name":"read","arguments":{"n":1.0}}');
    expect(callParams(call, [{ start: start + 1, end: start + 1, text: '"_meta":{},' }])).toBe(
      '{"_meta":{},"name":"read","arguments":{"n":1.0}}',
    );
  });

  it('gives the parameters of a call of its own as they are, also when there are none', () => {
    expect(callParams(internalCall('tools/list', '{"cursor":""}'))).toBe('{"cursor":""}');
    expect(callParams(internalCall('ping', ''))).toBe('');
  });
});
