import { describe, expect, it } from '@jest/globals';
import { traceIdOf } from './trace-id.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

describe('traceIdOf', () => {
  it('takes the trace out of a valid traceparent', () => {
    expect(traceIdOf(`00-${TRACE}-${PARENT}-01`)).toBe(TRACE);
    expect(traceIdOf(`cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`)).toBe(TRACE);
  });

  it.each([
    ['nothing', undefined],
    ['no traceparent', 'x'],
    ['the forbidden version', `ff-${TRACE}-${PARENT}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['more than version 00 has', `00-${TRACE}-${PARENT}-01-x`],
    ['what is far too long', `cc-${TRACE}-${PARENT}-01-${'x'.repeat(300)}`],
  ])('takes no trace out of %s', (_what, text) => {
    expect(traceIdOf(text)).toBeUndefined();
  });
});
