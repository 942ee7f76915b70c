import { describe, expect, it } from '@jest/globals';
import { objectIn } from '@omni/jsonrpc';
import { NO_HINTS } from '@omni/model';
import { toolHints } from './tool-hints.ts';

const read = (text: string) => {
  const object = objectIn(text);
  if (object === undefined) throw new TypeError(text);
  return toolHints(text, object);
};

describe('toolHints', () => {
  it.each([
    ['{"name":"a"}', NO_HINTS],
    ['{"annotations":null}', NO_HINTS],
    ['{"annotations":{}}', NO_HINTS],
    [
      '{"annotations":{"readOnlyHint":true,"destructiveHint":true}}',
      { isReadOnly: true, isIdempotent: true, isDestructive: false },
    ],
    [
      '{"annotations":{"idempotentHint":true,"destructiveHint":false}}',
      { isReadOnly: false, isIdempotent: true, isDestructive: false },
    ],
    [
      '{"annotations":{"readOnlyHint":"true"}}',
      { isReadOnly: false, isIdempotent: false, isDestructive: true },
    ],
  ])('of %s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it('are the same object for all tools that say the same', () => {
    const text = '{"annotations":{"readOnlyHint":true}}';
    expect(read(text)).toBe(read(` ${text}`));
  });
});
