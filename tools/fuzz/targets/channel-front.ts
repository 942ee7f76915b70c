import { type JsonLimits, memberOf, parseMessage, rawOf, type RpcMessage, stringMember } from '@omni/jsonrpc';
import type { ChannelListener } from '@omni/ports';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { LATER, openFront, type Front } from './front.ts';
import { isRecord, parsedJson, textOf } from './input-text.ts';

const LIMITS: JsonLimits = { maxDepth: 16, maxElements: 200 };
const MAX_LINES = 12;
/** A line that is no message: servers answer what waits. */
const ANSWER_NOW = '!';
const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';
const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{"roots":{}},"clientInfo":{"name":"a","version":"1"}}}';

/**
 * Conversations over stdio and sockets: each line of a client has the answers that it asks for, and no other.
 */
export function channelFront(open: (limits: JsonLimits) => Promise<Front> = openFront): FuzzTarget {
  return {
    name: 'channel-front',
    promise:
      'in a conversation of lines each request has one answer under its id, what cannot be read one error, and nothing else any; each line that is sent is a message',
    covers: /protocol-handler\/src\//,
    seeds: [
      `${INITIALIZE}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n{"jsonrpc":"2.0","id":2,"method":"ping"}`,
      `${INITIALIZE}\n[{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","id":"b","method":"tools/call","params":{"name":"a"}}]`,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a",${META}}}\n{"jsonrpc":"2.0","id":"1","method":"server/discover","params":{${META}}}`,
      `{"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},${META}}}\n{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}}`,
      `${INITIALIZE}\n{"jsonrpc":"2.0","id":3,"method":"resources/subscribe","params":{"uri":"a:b"}}\n{"jsonrpc":"2.0","id":4,"method":"logging/setLevel","params":{"level":"info"}}\n{"jsonrpc":"2.0","id":"omni-1","result":{}}`,
    ],
    dictionary: [
      ...[
        '\n',
        INITIALIZE,
        `${META},`,
        '"id":1,',
        '"id":null,',
        '"method":"ping"',
        '"jsonrpc":"2.0",',
        '[',
        ']',
        '"params":{},',
        '"result":{}',
        '"error":{}',
        '"cursor":"",',
      ],
      ...[
        'tools/list',
        'tools/call',
        'prompts/get',
        'resources/unsubscribe',
        'completion/complete',
        'subscriptions/listen',
        'notifications/cancelled',
        'notifications/roots/list_changed',
      ],
    ],
    isJson: true,
    maxBytes: 3_000,
    async check(input) {
      const front = await open(LIMITS);
      const sent: string[] = [];
      let told: ChannelListener | undefined;
      const connection = front.bind((listener) => {
        told = listener;
        return { send: (text) => sent.push(text) > 0, close: () => Promise.resolve() };
      });
      const outcomes = new Set<string>();
      const waiting = new Waiting();
      for (const line of textOf(input)
        .split(/[\r\n]+/)
        .slice(0, MAX_LINES)) {
        const before = sent.length;
        if (line === ANSWER_NOW) front.answerHeld();
        else told?.onMessage(line);
        await front.settle();
        outcomes.add(
          line === ANSWER_NOW
            ? waiting.check(sent.slice(before))
            : checkLine(line, sent.slice(before), waiting),
        );
      }
      const before = sent.length;
      await connection.close();
      front.answerHeld();
      await front.settle();
      promise(sent.length === before, 'what is closed without a reason says nothing more', () =>
        sent.slice(before).join('\n'),
      );
      promise(front.complaints.length === 0, 'nothing fails inside', () => front.complaints.join('\n'));
      return [...outcomes].toSorted().join(', ');
    },
  };
}

/** @param sent - What the front said to this line. */
function checkLine(line: string, sent: readonly string[], waiting: Waiting): string {
  const asked = parseMessage(line, LIMITS);
  const detail = (): string => [line, ...sent].join('\n');
  for (const text of sent)
    promise(
      !/[\r\n]/.test(text) && parseMessage(text, { maxDepth: 64, maxElements: 10_000 }).kind !== 'rejected',
      'what is sent is a message on one line',
      detail,
    );
  const answers = sent
    .map((text) => parsedJson(text)?.value)
    .filter((value) => Array.isArray(value) || !isRecord(value) || !Object.hasOwn(value, 'method'));
  switch (asked.kind) {
    case 'notification':
    case 'response':
      promise(answers.length === 0, 'what asks nothing has no answer', detail);
      waiting.onNotification(asked);
      return asked.kind;
    case 'batch':
      promise(answers.length <= 1, 'a batch has one answer', detail);
      return `batch ${Array.isArray(answers[0])}`;
    case 'rejected':
      promise(
        answers.length === 1 && idOf(answers[0]) === echoed(asked.id) && hasError(answers[0]),
        'what cannot be read has one error',
        detail,
      );
      return 'rejected';
    case 'request': {
      if (answers.length === 0 && stringMember(line, asked.params, 'name') === LATER)
        return waiting.add(asked.id);
      const isPersistent = asked.method === 'subscriptions/listen' && answers.length === 0;
      promise(
        isPersistent || (answers.length === 1 && idOf(answers[0]) === echoed(asked.id)),
        'a request has one answer under its id',
        detail,
      );
      return isPersistent ? 'persistent' : `request ${hasError(answers[0])}`;
    }
  }
}

/** Requests that have no answer yet. */
class Waiting {
  /** By id: whether it was cancelled. An id that stands here twice is used twice. */
  #ids: { readonly id: string; isCancelled: boolean }[] = [];

  add(id: string): string {
    this.#ids.push({ id, isCancelled: false });
    return `waits ${Math.min(this.#ids.length, 3)}`;
  }

  onNotification(message: RpcMessage): void {
    const id =
      message.method === 'notifications/cancelled'
        ? rawOf(message, memberOf(message.params, 'requestId'))
        : undefined;
    for (const waiting of this.#ids) if (waiting.id === id) waiting.isCancelled = true;
  }

  /** @param sent - When all servers had answered. */
  check(sent: readonly string[]): string {
    const answered = sent
      .map((text) => parsedJson(text)?.value)
      .filter((value) => isRecord(value) && !Object.hasOwn(value, 'method'));
    const ids = answered.map(idOf);
    for (const { id, isCancelled } of this.#ids) {
      const at = ids.indexOf(echoed(id));
      promise(at >= 0 || isCancelled, 'what waits is answered', () => [id, ...sent].join('\n'));
      promise(at < 0 || !isCancelled, 'what was cancelled is not answered', () => [id, ...sent].join('\n'));
      if (at >= 0) ids.splice(at, 1);
    }
    promise(ids.length === 0, 'nothing is answered that does not wait', () => sent.join('\n'));
    this.#ids = [];
    return `answered ${Math.min(answered.length, 3)}`;
  }
}

function idOf(answer: unknown): string {
  return isRecord(answer) ? JSON.stringify(answer['id']) : '';
}

/** An id as `JSON.parse` reads it: a large number loses digits. */
function echoed(id: string): string {
  return JSON.stringify(JSON.parse(id));
}

function hasError(answer: unknown): boolean {
  return isRecord(answer) && Object.hasOwn(answer, 'error');
}
