import { Lexer } from 'yaml';
import { notationOf, type ConfigSource } from './config-source.ts';

/** A comment of a source. */
export interface SourceComment {
  /** Its first line; 1 is the first of the source. */
  readonly line: number;
  /** Whether nothing stands before it in its line. */
  readonly isAlone: boolean;
  /** Without what marks it as a comment. */
  readonly lines: readonly string[];
}

/** What holds a comment only where it is none, and comments. */
const TOKENS = {
  json: /"(?:[^"\\]|\\.)*"|\/\/.*|\/\*[^]*?\*\//g,
  toml: /"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#.*/g,
};
const COMMENT = /^(?:#|\/[/*])/;
/** What the lexer of YAML says of the token behind it: it is text, even when it looks like a comment. */
const IS_TEXT = '\x1f';

/** The comments of a source that can be read, from the top. */
export function commentsOf(source: Pick<ConfigSource, 'path' | 'text'>): readonly SourceComment[] {
  const { text } = source;
  const notation = notationOf(source);
  const found =
    notation === 'yaml'
      ? yamlComments(text)
      : [...text.matchAll(TOKENS[notation])].map(({ 0: token, index }) => ({ token, index }));
  return found
    .filter(({ token }) => COMMENT.test(token))
    .map(({ token, index }) => {
      const before = text.slice(0, index);
      return {
        line: before.split('\n').length,
        isAlone: /(?:^|\n)[^\S\n]*$/.test(before),
        lines: token
          .replace(/^(?:#|\/\/|\/\*)|\*\/$/g, '')
          .split('\n')
          .map((line, row) => (row === 0 ? line : line.replace(/^\s*\*?/, '')).trimEnd()),
      };
    });
}

function yamlComments(text: string): readonly { readonly token: string; readonly index: number }[] {
  const found: { readonly token: string; readonly index: number }[] = [];
  let index = 0;
  let before = '';
  for (const token of new Lexer().lex(text)) {
    const isMark = token === '\x02' || token === '\x18' || token === IS_TEXT;
    if (!isMark && before !== IS_TEXT && token.startsWith('#')) found.push({ token, index });
    if (!isMark) index += token.length;
    before = token;
  }
  return found;
}
