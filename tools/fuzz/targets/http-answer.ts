import { type RpcMessage, scanJson } from '@omni/jsonrpc';
import { type ChunkSink, internalCall } from '@omni/model';
import { RecordingCall, ScriptedHttpClient } from '@omni/testing';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { decoded, isRecord, parsedJson } from './input-text.ts';
import { modernConnection } from './modern-connection.ts';

/** What became of an answer: as bytes that nobody has read, as a message, or as a failure. */
export interface Received {
  readonly kind: 'bytes' | 'answer' | 'failure';
  readonly text: string;
}

/** Calls an upstream whose body is this. @param id - As JSON. */
export type Receive = (body: Uint8Array, id: string) => Received;

/**
 * Short answers are always read, long ones may go on while they come: these stand for as many spaces as make
 * an answer one or the other.
 */
const PADS: ReadonlyMap<string, Buffer> = new Map([
  ['"pad"', Buffer.from(`"${' '.repeat(8_192)}"`)],
  ['"long"', Buffer.from(`"${' '.repeat(70_000)}"`)],
]);
/** Where a key that stands twice makes a message none. */
const RECORDED = { result: { _meta: {} }, error: {} };
const IDS = ['1', '"a"'];

/** Answers over HTTP: bytes go on unread only where they are the answer, and an answer is never lost. */
export function httpAnswer(receive: Receive = receiveWithConnection()): FuzzTarget {
  return {
    name: 'http-answer',
    promise:
      'a body that goes on unread is, if it is JSON at all, the answer to that very call, byte for byte; the answer to another call is none, and that to this one is taken',
    covers: /upstreams\/src\/http\/(?:passthrough|http-message-reader|modern-http-connection)\.ts$/,
    seeds: [
      '{"jsonrpc":"2.0","id":1,"result":{"content":["pad"]}}',
      '{"result":{"a":"pad"},"jsonrpc":"2.0","id":"a"}',
      '{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"m","data":"pad"}}',
      '{"id":1,"jsonrpc":"2.0","result":["pad"]}',
      '{"jsonrpc":"2.0","error":{"code":1,"message":"pad"}}',
      '{"jsonrpc":"2.0","id":1,"result":{"content":["long"]}}',
      '{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"m","data":"long"}} ',
      '[{"jsonrpc":"2.0","id":1,"result":{"a":"pad"}}]',
    ],
    dictionary: [
      ...PADS.keys(),
      '{"jsonrpc":"2.0","id":1,"',
      'result":',
      'error":',
      ',"jsonrpc":"2.0","id":1}',
      ',"jsonrpc":"2.0","id":"a"}',
      '"id":1',
      '"id":"a"',
      '"id":11',
      '"result":{}',
      '{"result":',
      '}',
      ' ',
      '\uFEFF',
    ],
    isJson: true,
    maxBytes: 600,
    check(input) {
      const body = padded(input);
      const text = decoded(body);
      const value = text === undefined ? undefined : parsedJson(text)?.value;
      const outcomes = IDS.map((id) => checked(id, body, text, value, receive(body, id)));
      return outcomes.join(', ');
    },
  };
}

function checked(
  id: string,
  body: Uint8Array,
  text: string | undefined,
  value: unknown,
  { kind, text: received }: Received,
): string {
  // A key that stands twice is for whoever reads it: the upstream has said both.
  const isPlain =
    text !== undefined &&
    scanJson(text, { maxDepth: 600, maxElements: 1_000_000 }, RECORDED).kind === 'object';
  const isOwn = isRecord(value) && value['id'] === JSON.parse(id);
  const isAnswer =
    isRecord(value) &&
    value['jsonrpc'] === '2.0' &&
    !Object.hasOwn(value, 'method') &&
    Object.hasOwn(value, 'result') !== Object.hasOwn(value, 'error');
  if (kind === 'bytes') {
    promise(
      received === new TextDecoder('utf-8', { ignoreBOM: true }).decode(body),
      'bytes go on as they came',
    );
    promise(!isPlain || isOwn, 'what goes on unread is the answer to this call', () => shown(text));
    promise(
      !isPlain || (isRecord(value) && (Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error'))),
      'what goes on unread is an answer',
      () => shown(text),
    );
    return isPlain ? 'unread' : 'unread, no JSON';
  }
  if (kind === 'answer') {
    const answered = parsedJson(received)?.value;
    const ownId = isRecord(answered) ? (answered['id'] ?? null) : undefined;
    promise(
      ownId === JSON.parse(id) || (ownId === null && isRecord(answered) && Object.hasOwn(answered, 'error')),
      'what is taken is the answer to this call',
      () => received,
    );
    return 'read';
  }
  // A number has to be written as it was sent.
  const isSameText = id.startsWith('"') || /"id"\s*:\s*1\s*[,}]/.test(text ?? '');
  const isFine =
    isPlain && isAnswer && isOwn && isSameText && (value['error'] === undefined || isRecord(value['error']));
  promise(!isFine, 'the answer to this call is taken', () => `${received}\n${shown(text)}`);
  return received;
}

function padded(input: Uint8Array): Uint8Array {
  let output = Buffer.from(input);
  for (const [mark, padding] of PADS) {
    const at = output.indexOf(mark);
    if (at >= 0) output = Buffer.concat([output.subarray(0, at), padding, output.subarray(at + mark.length)]);
  }
  return output;
}

/** Readable again. */
function shown(text: string | undefined): string {
  return text?.replaceAll(/ {99,}/g, '…') ?? 'not UTF-8';
}

function receiveWithConnection(): Receive {
  return (body, id) => {
    const http = new ScriptedHttpClient();
    const connection = modernConnection({ http });
    const chunks: Uint8Array[] = [];
    let isPassed = false;
    const passing: ChunkSink = {
      onResponseHead() {},
      onChunk: (bytes) => chunks.push(bytes) > 0,
      onResponseEnd: () => void (isPassed = true),
    };
    const call = Object.assign(new RecordingCall<RpcMessage>(), { chunks: passing });
    connection.send({ ...internalCall('tools/call', '{}'), clientId: id, allowPassthrough: true }, call);
    const quarter = Math.ceil(body.length / 4);
    http.last.head(200, ['Content-Type', 'application/json']);
    for (let at = 0; at < body.length; at += quarter) http.last.data(body.subarray(at, at + quarter));
    http.last.end();
    if (isPassed)
      return {
        kind: 'bytes',
        text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(chunks)),
      };
    const [kind = '', status = ''] = (call.last ?? '').split(' ');
    if (kind === 'failure') return { kind, text: status };
    promise(kind === 'bytes' || kind === 'answer', 'a call is over when its exchange is');
    return {
      kind: kind === 'bytes' ? 'bytes' : 'answer',
      text: (call.last ?? '').slice(kind.length + status.length + 2),
    };
  };
}
