import { isDeepStrictEqual } from 'node:util';
import { parseJSONRPCMessage } from '@modelcontextprotocol/client';
import * as jsonrpc from '@omni/jsonrpc';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { isRecord, parsedJson, textOf } from './input-text.ts';

type Parse = typeof jsonrpc.parseMessage;

const LIMITS = { maxDepth: 16, maxElements: 100 };
const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;

/** Why a message that the SDK takes is refused here; anything else is a mistake. */
const STRICTER: Readonly<Record<string, (text: string, message: Record<string, unknown>) => boolean>> = {
  'nested too deeply': () => true,
  'too many values': () => true,
  'A key stands twice': (text) => text.split(':').length > 2,
  '"method" must be a non-empty string': (_text, { method }) => method === '',
  // The number has to be echoed as it was written, so it has to be written as an integer.
  '"id" must be a string or an integer': (text, { id }) => !isWritten(text, id),
  'A response needs the id': (text, { id }) => id !== undefined && !isWritten(text, id),
};

/**
 * Messages: what the SDK takes is taken, apart from {@link STRICTER}; the parts are where they are said to
 * be.
 */
export function rpcMessage(parse: Parse = jsonrpc.parseMessage): FuzzTarget {
  return {
    name: 'rpc-message',
    promise:
      'a message that the SDK accepts is accepted unless a limit or a rule of ours says no, with the parts that JSON.parse finds; another id changes the id alone',
    covers: /jsonrpc\/src\/rpc-(?:message|text)\.ts$/,
    seeds: [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":"x"}}}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1"}}',
      '{"jsonrpc":"2.0","id":"a","result":{"content":[],"_meta":{}}}',
      '{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"no"}}',
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}',
      '[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","id":1,"method":"b"}]',
    ],
    dictionary: [
      '"jsonrpc":"2.0",',
      '"id":1,',
      '"id":null,',
      '"id":"a"',
      '"method":"a"',
      '"params":{}',
      '"result":{}',
      '"error":{"code":1,"message":"m"}',
      '"_meta":{}',
      '2.0',
      '1.0',
      '1e2',
      '-0',
      '\\u0069d',
    ],
    isJson: true,
    maxBytes: 3_000,
    check(input) {
      const text = textOf(input);
      const message = parse(text, LIMITS);
      const value = parsedJson(text)?.value;
      if (message.kind === 'rejected') return checkRejection(text, message, value);
      promise(value !== undefined, 'a message is JSON', () => text);
      if (message.kind === 'batch') {
        promise(
          Array.isArray(value) && value.length === message.items.length,
          'a batch has the items of the array',
          () => text,
        );
        return 'batch';
      }
      promise(isRecord(value) && value['jsonrpc'] === '2.0', 'a message says "jsonrpc":"2.0"', () => text);
      if (isRecord(value)) checkParts(text, message, value);
      return `${message.kind} ${isTakenBySdk(value) ? 'for both' : 'for us alone'}`;
    },
  };
}

function checkRejection(text: string, { error, id }: jsonrpc.RpcRejection, value: unknown): string {
  promise(
    error.code === 'OMNI_JSON_INVALID' ? value === undefined : true,
    'what is JSON is not called invalid JSON',
    () => text,
  );
  if (value === undefined) return 'no JSON';
  promise(
    id === 'null' || (isRecord(value) && JSON.stringify(value['id']) === JSON.stringify(JSON.parse(id))),
    'a refusal names the id of the message',
    () => text,
  );
  const reason = Object.entries(STRICTER).find(
    ([words, fits]) => error.message.includes(words) && isRecord(value) && fits(text, value),
  );
  promise(
    reason !== undefined || !isTakenBySdk(value),
    'a message that the SDK takes is refused only for reasons that are written down',
    () => `${error.message}\n${text}`,
  );
  return error.message.replaceAll(/[0-9]+/g, '0');
}

function checkParts(text: string, message: jsonrpc.RpcMessage, value: Record<string, unknown>): void {
  const { kind, id, method, params, result, error } = message;
  const isAnswer = Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error');
  const expected = isAnswer ? 'response' : Object.hasOwn(value, 'id') ? 'request' : 'notification';
  promise(kind === expected, 'a message is of the kind that its members make it', () => text);
  promise(isAnswer !== Object.hasOwn(value, 'method'), 'a message has a method or an answer', () => text);
  promise(
    !(Object.hasOwn(value, 'result') && Object.hasOwn(value, 'error')),
    'an answer has a result or an error',
    () => text,
  );
  promise(
    id === '' || id === 'null' || id.startsWith('"') || INTEGER.test(id),
    'an id is text or an integer',
    () => text,
  );
  // An error that names none is one with the id null.
  promise(
    id === '' ? !Object.hasOwn(value, 'id') : isSame(id, value['id'] ?? null),
    'the id is the id',
    () => text,
  );
  promise(isAnswer ? method === '' : value['method'] === method, 'the method is the method', () => text);
  for (const [name, span] of Object.entries({ params, result, error })) {
    const json = jsonrpc.rawOf(message, span);
    promise(
      json === undefined ? !Object.hasOwn(value, name) : isSame(json, value[name]),
      `${name} are where they are`,
      () => text,
    );
  }
  if (kind === 'notification') return;
  const renamed = parsedJson(jsonrpc.withId(message, '"fuzz"'))?.value;
  promise(isRecord(renamed) && renamed['id'] === 'fuzz', 'another id is the id', () => text);
  promise(
    isRecord(renamed) && isDeepStrictEqual({ ...renamed, id: 0 }, { ...value, id: 0 }),
    'another id changes nothing else',
    () => text,
  );
}

function isSame(json: string, value: unknown): boolean {
  return JSON.stringify(JSON.parse(json)) === JSON.stringify(value);
}

/** Whether a value stands behind an "id" as it is echoed. */
function isWritten(text: string, id: unknown): boolean {
  if (text.includes('\\u')) return typeof id === 'string' && id.length < 150;
  if (typeof id === 'string') return JSON.stringify(id).length <= 1_024;
  return typeof id === 'number' && new RegExp(`"id"\\s*:\\s*${String(id)}\\s*[,}]`).test(text);
}

function isTakenBySdk(value: unknown): boolean {
  try {
    parseJSONRPCMessage(value);
    return true;
  } catch {
    return false;
  }
}
