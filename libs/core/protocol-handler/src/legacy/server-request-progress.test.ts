import type { AnswerServerRequest } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture } from '../front.fixture.ts';

/** A question of a server; `token` is JSON. */
function serverRequest(id: number, token: string): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"sampling/createMessage","params":{"messages":[ ],"_meta":{"x":1.0,"progressToken":${token}}}}`;
}

function progress(token: string, more = '"progress":1e0,"x":1.0'): string {
  return `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},${more}}}`;
}

function recorder(): { readonly heard: string[]; readonly take: AnswerServerRequest } {
  const heard: string[] = [];
  return { heard, take: (answer) => heard.push(answer instanceof GatewayError ? answer.code : answer.text) };
}

describe('the progress of a client with the question of a server', () => {
  it('goes to the server that asks, under its own token, whatever tokens others have', async () => {
    const session = await new FrontFixture().session({ capabilities: '{"sampling":{}}' });
    const { exchange, call } = await session.call();
    const [first, second] = [recorder(), recorder()];
    call.ask(serverRequest(7, '"t"'), first.take);
    call.ask(serverRequest(7, '9007199254740993'), second.take);
    const asked = (id: string): string =>
      `{"jsonrpc":"2.0","id":${id},"method":"sampling/createMessage","params":{"messages":[ ],"_meta":{"x":1.0,"progressToken":${id}}}}`;
    expect(exchange.events()).toEqual([asked('"omni-1"'), asked('"omni-2"')]);
    const posted = [await session.post(progress('"omni-2"')), await session.post(progress('"omni-1"'))];
    expect(first.heard).toEqual([progress('"t"')]);
    expect(second.heard).toEqual([progress('9007199254740993')]);
    expect(posted.map(({ status }) => status)).toEqual([202, 202]);
    const answer = '{"jsonrpc":"2.0","id":"omni-1","result":{}}';
    await session.post(answer);
    expect(first.heard).toEqual([progress('"t"'), answer]);
  });

  it('is dropped when no server waits for it', async () => {
    const front = new FrontFixture();
    const [session, other] = [
      await front.session({ capabilities: '{"sampling":{}}' }),
      await front.session({ capabilities: '{"sampling":{}}' }),
    ];
    const { call } = await session.call();
    const [waiting, without] = [recorder(), recorder()];
    call.ask(serverRequest(7, '"t"'), waiting.take);
    call.ask(
      '{"jsonrpc":"2.0","id":8,"method":"sampling/createMessage","params":{"messages":[]}}',
      without.take,
    );
    // The server's token, that of a question without one, that of nobody, none at all, and that of another
    // session.
    for (const token of ['"t"', '"omni-2"', '"omni-3"', 'null', '["omni-1"]'])
      await session.post(progress(token));
    await session.post('{"jsonrpc":"2.0","method":"notifications/progress"}');
    await other.post(progress('"omni-1"'));
    expect(waiting.heard).toEqual([]);
    expect(without.heard).toEqual([]);
    await session.post('{"jsonrpc":"2.0","id":"omni-1","result":{}}');
    await session.post(progress('"omni-1"'));
    expect(waiting.heard).toEqual(['{"jsonrpc":"2.0","id":"omni-1","result":{}}']);
  });
});
