import { describe, expect, it } from '@jest/globals';
import { commandWords } from './command-words.ts';

describe('commandWords', () => {
  it.each([
    ['op read op://vault/item/field', ['op', 'read', 'op://vault/item/field']],
    ['  op   read  ', ['op', 'read']],
    ['op read "op://my vault/a b"', ['op', 'read', 'op://my vault/a b']],
    [`sops --extract '["a"]["b"]' f`, ['sops', '--extract', '["a"]["b"]', 'f']],
    ['a --x="b c"d', ['a', '--x=b cd']],
    ['a "" b', ['a', '', 'b']],
    [
      'a $HOME $(id) `id` ; rm | x > y * \\n',
      ['a', '$HOME', '$(id)', '`id`', ';', 'rm', '|', 'x', '>', 'y', '*', '\\n'],
    ],
  ])('takes %j apart', (line, words) => {
    expect(commandWords(line)).toEqual(words);
  });

  it.each(['', '   ', 'a "b', "a 'b c", '"" a'])('does not take %j for a command', (line) => {
    expect(commandWords(line)).toBeUndefined();
  });
});
