import type { Mutation } from './byte-mutations.ts';
import type { Choice } from './choice.ts';

/** Strings, numbers and words, and every other character alone: also of text that is not quite JSON. */
const TOKENS = /"(?:[^"\\]|\\[^])*"|[-+.0-9eE]+|[a-z]+|[^]/g;
const VALUES = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '1',
  '-1',
  '1.0',
  '1e3',
  '1E400',
  '0.1',
  '9007199254740993',
  '""',
  '"a"',
  '"2.0"',
  '[]',
  '{}',
  '[{}]',
  '{"a":1}',
  '"\\u0000"',
  '"\\ud800"',
  '"\\ud83d\\ude00"',
  '"__proto__"',
  '"\\""',
  '"\\\\"',
  '{"__proto__":{"a":1}}',
  '01',
  'nul',
  '"\t"',
  "'a'",
  '[1,]',
  '{,}',
  '"\\x41"',
];
const SPACES = [' ', '\t', '\n', '\r', ' \r\n\t', '\f', '\u00a0', '//', '/**/'];
const DEPTHS = [1, 2, 8, 63, 64, 65, 200];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function onTokens(change: (tokens: string[], choice: Choice) => void): Mutation {
  return (input, { choice }) => {
    const tokens = decoder.decode(input).match(TOKENS) ?? [];
    change(tokens, choice);
    return encoder.encode(tokens.join(''));
  };
}

const isValue = (token: string): boolean => /^["\-0-9a-z]/.test(token);

function indexOfValue(tokens: readonly string[], choice: Choice): number {
  const found = tokens.flatMap((token, index) => (isValue(token) ? [index] : []));
  return choice.pick(found) ?? 0;
}

/** Changes of a text as JSON. */
export const JSON_MUTATIONS: readonly Mutation[] = [
  onTokens(function changeValue(tokens, choice) {
    tokens[indexOfValue(tokens, choice)] = choice.pick(VALUES) ?? '0';
  }),
  onTokens(function copyValue(tokens, choice) {
    tokens[indexOfValue(tokens, choice)] = tokens[indexOfValue(tokens, choice)] ?? '';
  }),
  onTokens(function addMember(tokens, choice) {
    const at = tokens.indexOf('{', choice.below(tokens.length));
    if (at < 0) return;
    const key = choice.once(2) ? tokens[indexOfValue(tokens, choice)] : '"b"';
    const isEmpty = tokens.slice(at + 1).find((token) => token.trim() !== '') === '}';
    tokens.splice(
      at + 1,
      0,
      `${key?.startsWith('"') === true ? key : '"a"'}:${choice.pick(VALUES) ?? '0'}${isEmpty ? '' : ','}`,
    );
  }),
  onTokens(function removeTokens(tokens, choice) {
    tokens.splice(choice.below(tokens.length), 1 + choice.below(4));
  }),
  onTokens(function repeatTokens(tokens, choice) {
    const at = choice.below(tokens.length);
    const chunk = tokens.slice(at, at + 1 + choice.below(6));
    tokens.splice(at, 0, ...chunk);
  }),
  onTokens(function nest(tokens, choice) {
    const at = indexOfValue(tokens, choice);
    const depth = choice.pick(DEPTHS) ?? 1;
    const [open, close] = choice.once(2) ? ['[', ']'] : ['{"a":', '}'];
    tokens[at] = `${open.repeat(depth)}${tokens[at] ?? '0'}${close.repeat(depth)}`;
  }),
  onTokens(function addSpace(tokens, choice) {
    tokens.splice(choice.below(tokens.length + 1), 0, choice.pick(SPACES) ?? ' ');
  }),
  onTokens(function escapeCharacter(tokens, choice) {
    const strings = tokens.flatMap((token, index) =>
      token.startsWith('"') && token.length > 2 ? [index] : [],
    );
    const at = choice.pick(strings);
    const token = at === undefined ? undefined : tokens[at];
    if (at === undefined || token === undefined) return;
    const index = 1 + choice.below(token.length - 2);
    const code = token.charCodeAt(index).toString(16).padStart(4, '0');
    tokens[at] =
      `${token.slice(0, index)}\\u${choice.once(2) ? code : code.toUpperCase()}${token.slice(index + 1)}`;
  }),
];
