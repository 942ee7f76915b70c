import type { Guard } from '../guard.ts';

/** What is accepted as a message, and what may be written into one. */
export const MESSAGE_GUARDS: readonly Guard[] = [
  {
    name: 'held/pieces',
    against: 'A few bytes of each buffer keep all buffers alive.',
    without: 'true',
  },
  {
    name: 'bytes/part-of-a-buffer',
    against: 'Memory is given back in which other bytes are still wanted.',
  },
  {
    name: 'json/depth',
    against: 'Nested objects fill the stack.',
    rule: 'CVE-2026-111768',
  },
  {
    name: 'json/depth-of-arrays',
    against: 'Nested arrays fill the stack.',
    rule: 'CVE-2026-111768',
  },
  {
    name: 'json/elements',
    against: 'A body of legal size holds millions of values, and whoever reads it runs out of memory.',
    rule: 'CVE-2026-111768',
  },
  {
    name: 'json/duplicate-key',
    against: 'Omni and the server read different values of one key.',
  },
  {
    name: 'json/duplicate-key-of-many',
    against: 'A key that stands twice is missed behind sixteen others.',
    without: 'false',
  },
  {
    name: 'json/escaped-key',
    against: 'A key with an escape is taken for another key than the server takes it for.',
    without: 'text.slice(keyStart + 1, keyEnd - 1)',
  },
  {
    name: 'json/key-case',
    against: 'Keys are read without regard to case.',
    rule: 'CVE-2026-27896',
    without: 'member.key.toLowerCase() === key.toLowerCase()',
  },
  {
    name: 'json/prototype',
    against: 'A key of the prototype is taken for a part of the plan.',
  },
  {
    name: 'json/control-characters',
    against: 'A string with a raw line break is passed on, and breaks the framing.',
    // The end of the text still ends the scan.
    without: `if (Number.isNaN(code)) throw new Stop('syntax', at); else if (code !== BACKSLASH) at += 1;`,
  },
  {
    name: 'json/control-in-short',
    against: 'A short string with a raw line break is passed on.',
    without: 'Number.isNaN(code)',
  },
  {
    name: 'json/rest',
    against: 'What stands behind a message is passed on with it.',
  },
  {
    name: 'message/id-length',
    against: 'An id of any length is remembered.',
  },
  {
    name: 'message/id-type',
    against: 'An id that is no integer is compared as text and rounded by the server.',
    rule: 'JSON-RPC 2.0',
    without: '/^-?[0-9]/.test(id)',
  },
  {
    name: 'message/version',
    against: 'A message of another protocol is obeyed.',
    rule: 'JSON-RPC 2.0',
  },
  {
    name: 'message/result-and-error',
    against: 'A response is read in two ways.',
    rule: 'JSON-RPC 2.0',
  },
  {
    name: 'message/request-and-answer',
    against: 'A message is a request to the one and an answer to the other.',
    rule: 'JSON-RPC 2.0',
  },
  {
    name: 'message/params',
    against: 'Parameters that are no object are passed on.',
  },
  {
    name: 'message/method-escape',
    against: 'A method breaks out of the message that it is written into.',
    without: '`{"jsonrpc":"2.0","id":${id},"method":"${method}"`',
  },
  {
    name: 'message/error-data',
    against: 'The data of an error replaces its code.',
    without: '{ code: error.code, hint: error.hint, ...error.data }',
  },
  {
    name: 'header/line-break',
    against: 'A name with a line break adds a header to the request.',
  },
  {
    name: 'header/looks-encoded',
    against: 'A name that looks encoded means another one to the server.',
    without: 'const looksEncoded = value === PREFIX;',
  },
  {
    name: 'header/utf8',
    against: 'A header that is no text is replaced, and compared as what it is not.',
    without: 'false',
  },
  {
    name: 'header/base64',
    against: 'A header of bad Base64 is decoded all the same.',
  },
  {
    name: 'capabilities/tasks',
    against: 'A server is told that a client knows tasks of the other era.',
    rule: 'PROTO-R15',
    without: "''",
  },
  {
    name: 'capabilities/relayed',
    against: 'A server is told of capabilities that nobody can relay.',
  },
  {
    name: 'pair/backlog',
    against: 'Messages between two ends in memory pile up.',
  },
];
