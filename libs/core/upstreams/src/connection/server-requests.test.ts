import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import type { AnswerServerRequest } from '@omni/model';
import { describe, expect, it } from '@jest/globals';
import { ServerRequests } from './server-requests.ts';

const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}';

function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 64, maxElements: 1_000 });
  if (message.kind === 'batch' || message.kind === 'rejected') throw new TypeError(`no message: ${text}`);
  return message;
}

/** A question that was put to a client, and what the server is sent. */
function asked(): {
  readonly sent: string[];
  readonly take: AnswerServerRequest;
  readonly requests: ServerRequests;
} {
  const sent: string[] = [];
  const requests = new ServerRequests({
    answer: (text) => sent.push(text),
    reply: (text) => sent.push(text),
    maxOpen: 10,
  });
  let take: AnswerServerRequest = () => {};
  requests.put(
    messageOf('{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage"}'),
    undefined,
    (answer) => (take = answer),
  );
  return { sent, take: (answer) => take(answer), requests };
}

describe('ServerRequests', () => {
  it('sends progress on as it comes, and the answer behind it', () => {
    const { sent, take, requests } = asked();
    take(messageOf(PROGRESS));
    take(messageOf(PROGRESS));
    expect(requests.size).toBe(1);
    take(messageOf('{"jsonrpc":"2.0","id":"omni-1","result":{}}'));
    expect(sent).toEqual([PROGRESS, PROGRESS, '{"jsonrpc":"2.0","id":7,"result":{}}']);
    expect(requests.size).toBe(0);
  });

  it('sends no progress with what is answered or withdrawn', () => {
    const [answered, withdrawn] = [asked(), asked()];
    answered.take(messageOf('{"jsonrpc":"2.0","id":"omni-1","result":{}}'));
    withdrawn.requests.withdraw('7', undefined);
    for (const { take } of [answered, withdrawn]) take(messageOf(PROGRESS));
    expect(answered.sent).toEqual(['{"jsonrpc":"2.0","id":7,"result":{}}']);
    expect(withdrawn.sent).toEqual([]);
  });

  it('lets the time of a call count again with each end of a question but that of the call', () => {
    const requests = new ServerRequests({ answer() {}, reply() {}, maxOpen: 10 });
    let held = 0;
    const call = { onServerRequest: () => void held++, onServerRequestAnswered: () => void held-- };
    const ask = (id: number): void => {
      requests.put(messageOf(`{"jsonrpc":"2.0","id":${id},"method":"roots/list"}`), call, (answer) => {
        if (id === 1) answer(messageOf('{"jsonrpc":"2.0","id":"omni-1","result":{}}'));
      });
    };
    for (const id of [1, 2, 3, 4]) ask(id);
    expect(held).toBe(3);
    requests.withdraw('2', undefined);
    expect(held).toBe(2);
    requests.clear();
    expect(held).toBe(0);
    expect(requests.size).toBe(0);
  });

  // guard: asked/length
  it('refuses requests that are too long together', () => {
    const refused: string[] = [];
    const requests = new ServerRequests({ answer() {}, reply: (text) => refused.push(text), maxOpen: 10 });
    const ask = (id: number): boolean =>
      requests.put(
        messageOf(`{"jsonrpc":"2.0","id":${id},"method":"x","params":{"a":"${'x'.repeat(9_000_000)}"}}`),
        undefined,
        () => {},
      );
    expect([ask(1), ask(2)]).toEqual([true, false]);
    expect(refused[0]).toContain('OMNI_OVERLOADED');
    requests.withdraw('1', undefined);
    expect(ask(3)).toBe(true);
  });
});
