import { describe, expect, it } from '@jest/globals';
import { blankJsonComments } from './json-comments.ts';

describe('blankJsonComments', () => {
  it.each([
    ['{"a":1} // c', '{"a":1}     '],
    ['{/* x\n y */"a":1}', '{    \n     "a":1}'],
    ['{"u":"http://x/*y*/"}', '{"u":"http://x/*y*/"}'],
    ['{"q":"\\"// no"}//c', '{"q":"\\"// no"}   '],
    ["{'u':'http://x'}", "{'u':'http://x'}"],
    ['{ /* open', '{        '],
    ['//a\r\n{}', '   \r\n{}'],
  ])('keeps places and strings of %j', (text, blanked) => {
    expect(blankJsonComments(text)).toBe(blanked);
    expect(blanked).toHaveLength(text.length);
  });
});
