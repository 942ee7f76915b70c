import type { OpenChannel } from '@omni/ports';
import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { startOmni } from './harness/start-omni.ts';
import { serveLines } from './principals/line-upstream.ts';
import { ask, connectWebSocket } from './transports/text-connection.ts';

afterAll(endEverything);

/**
 * A server whose tool asks for a sample with the progress token 1, as all of them do; keeps the progress that
 * it hears of.
 */
function askingServer(heard: string[]): OpenChannel {
  return (listener) => {
    let call: unknown;
    const answer = (id: unknown, result: string): void =>
      listener.onMessage(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{${result}}}`);
    const take = (text: string): void => {
      // Omni sends JSON-RPC.
      const { id, method, params } = JSON.parse(text) as {
        id?: unknown;
        method?: string;
        params?: { protocolVersion?: string };
      };
      if (method === 'notifications/progress') heard.push(text);
      if (method === undefined) return answer(call, '"content":[]');
      if (id === undefined) return;
      switch (method) {
        case 'initialize':
          return answer(
            id,
            `"protocolVersion":"${params?.protocolVersion}","capabilities":{"tools":{}},"serverInfo":{"name":"a","version":"1"}`,
          );
        case 'tools/list':
          return answer(id, '"tools":[{"name":"ask","inputSchema":{"type":"object"}}]');
        case 'tools/call':
          call = id;
          return listener.onMessage(
            '{"jsonrpc":"2.0","id":5,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1,"_meta":{"progressToken":1}}}',
          );
        default:
          return listener.onMessage(
            `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"unknown"}}`,
          );
      }
    };
    return {
      send: (text) => {
        queueMicrotask(() => take(text));
        return true;
      },
      close: () => Promise.resolve(listener.onClose(undefined)),
    };
  };
}

interface Question {
  readonly id: string;
  readonly params: { readonly _meta: { readonly progressToken: string } };
}

describe('the progress of a client with what two servers ask it under the same token', () => {
  it('reaches the server that asks, with its token', async () => {
    const heard: readonly string[][] = [[], []];
    const [first, second] = await Promise.all(heard.map((texts) => serveLines(askingServer(texts))));
    const omni = await startOmni({ mcpServers: { first: { url: first }, second: { url: second } } });
    await omni.ready();
    const client = await connectWebSocket(omni.url.replace('http:', 'ws:'));
    const hello =
      '"protocolVersion":"2025-11-25","capabilities":{"sampling":{}},"clientInfo":{"name":"raw","version":"1"}';
    await ask(client, '0', `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{${hello}}}`);
    client.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    const questionOf = async (id: number, server: string): Promise<Question> => {
      const known = client.received.length;
      client.send(
        `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${server}__ask","arguments":{}}}`,
      );
      const text = await eventually('the question', () =>
        client.received.slice(known).find((each) => each.includes('sampling/')),
      );
      // What was looked for is a request.
      return JSON.parse(text) as Question;
    };
    const questions = [await questionOf(1, 'first'), await questionOf(2, 'second')];
    const tokens = questions.map(({ params }) => params._meta.progressToken);
    expect(new Set(tokens).size).toBe(2);
    for (const [index, token] of [...tokens.entries()].toReversed())
      client.send(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"${token}","progress":${index}.50}}`,
      );
    client.send(
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":9}}',
    );
    for (const { id } of questions)
      client.send(
        `{"jsonrpc":"2.0","id":"${id}","result":{"model":"m","role":"assistant","content":{"type":"text","text":"x"}}}`,
      );
    await eventually('both answers', () =>
      [1, 2].every((id) => client.received.some((text) => text.includes(`"id":${id},"result"`))),
    );
    const progress = (value: string): string =>
      `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":${value}}}`;
    expect(heard).toEqual([[progress('0.50')], [progress('1.50')]]);
  });
});
