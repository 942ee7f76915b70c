import { createChannelPair, endpointOf, serverOf } from '@omni/model';
import {
  type ChannelListener,
  type FramingError,
  GatewayError,
  type MessageChannel,
  type OpenChannel,
} from '@omni/ports';
import { RecordingListener } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, initializeText, legacyText, LOCAL, modernText } from '../front.fixture.ts';
import type { BindOptions, Connection } from '../protocol-handler.ts';

const CAN_ASK = '{"roots":{}}';
const QUESTION = '{"jsonrpc":"2.0","id":1,"method":"roots/list"}';
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}';

/** A client's end of a pipe whose two directions end on their own. */
class Pipe implements MessageChannel {
  readonly received: string[] = [];
  /** Whether the client reads. */
  isRead = true;
  closings = 0;
  #listener: ChannelListener | undefined;

  readonly open: OpenChannel = (listener) => {
    this.#listener = listener;
    return this;
  };

  send(text: string): boolean {
    if (this.isRead) this.received.push(text);
    return this.isRead;
  }

  close(): Promise<void> {
    this.closings += 1;
    if (this.closings === 1) this.end();
    return Promise.resolve();
  }

  /** The client sends this. */
  say(...texts: readonly string[]): void {
    for (const text of texts) this.#listener?.onMessage(text);
  }

  garble(kind: FramingError['kind']): void {
    this.#listener?.onFramingError(kind === 'oversize' ? { kind, limitBytes: 10 } : { kind });
  }

  /** The client's side ends. */
  end(reason?: GatewayError): void {
    this.#listener?.onClose(reason);
    this.#listener = undefined;
  }
}

function connect(
  front: FrontFixture,
  options: Partial<BindOptions> = {},
): { readonly pipe: Pipe; readonly connection: Connection } {
  const pipe = new Pipe();
  const connection = front.handler.bind(pipe.open, { principal: LOCAL, ...options });
  return { pipe, connection };
}

function call(id: string): string {
  return legacyText('tools/call', { id, params: '"name":"x"' });
}

function modernCall(id: string): string {
  return modernText('tools/call', { id, params: '"name":"x"' });
}

function cancelText(id: string): string {
  return `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"r"}}`;
}

describe('ChannelFront', () => {
  it('serves both eras on one connection', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front, { endpoint: endpointOf('files') });
    pipe.say(
      modernText('tools/list', { id: '1' }),
      initializeText(),
      legacyText('tools/list', { id: '2' }),
      modernText('tools/list', { id: '3' }),
    );
    expect(pipe.received.map((text) => JSON.parse(text))).toMatchObject([
      { id: 1, result: { seenBy: 'files modern' } },
      { id: 'hello', result: { protocolVersion: '2025-11-25' } },
      { id: 2, result: { seenBy: 'files legacy' } },
      { id: 3, result: { seenBy: 'files modern' } },
    ]);
  });

  it('works on a real channel', async () => {
    const front = new FrontFixture();
    const [near, far] = createChannelPair();
    const client = new RecordingListener();
    const channel = far(client);
    const connection = front.handler.bind(near, { principal: LOCAL });
    channel.send(modernText('server/discover'));
    expect(await client.received(1)).toEqual([expect.stringContaining('supportedVersions')]);
    await connection.close();
    expect(await client.closed()).toBeUndefined();
  });

  it('closes a connection whose transport throws, also when closing it throws, and serves others', async () => {
    const front = new FrontFixture();
    let closings = 0;
    let client: ChannelListener | undefined;
    front.handler.bind(
      (listener) => {
        client = listener;
        return {
          send: () => {
            throw new RangeError('not today');
          },
          close: () => {
            closings += 1;
            throw new RangeError('not today either');
          },
        };
      },
      { principal: LOCAL },
    );
    client?.onMessage(modernText('server/discover'));
    // A rejection that nobody handles would fail this test.
    await Promise.resolve();
    expect(closings).toBe(1);
    const { pipe } = connect(front);
    pipe.say(modernText('tools/list', { id: '1' }));
    expect(pipe.received).toHaveLength(1);
  });

  it('routes calls in the name of its client', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front, { endpoint: endpointOf('files') });
    pipe.say(modernCall('1'), initializeText(), call('2'));
    expect(
      front.dispatch.calls.map(({ request }) => [
        request.client.principal,
        request.client.era,
        serverOf(request.client.endpoint),
        request.client.session?.key,
        request.paramHeaders,
      ]),
    ).toEqual([
      [LOCAL, 'modern', 'files', undefined, undefined],
      [LOCAL, 'legacy', 'files', 'channel-1', undefined],
    ]);
  });

  // guard: channel/one-line
  it('sends notifications before the answer, each in one line', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    pipe.say(modernCall('1'));
    expect(front.dispatch.last.notify(PROGRESS)).toBe(true);
    front.dispatch.last.bytes('{"jsonrpc":"2.0",\r\n"id":1,\n"result":{}}');
    front.dispatch.last.notify(PROGRESS);
    expect(pipe.received).toEqual([PROGRESS, '{"jsonrpc":"2.0", "id":1, "result":{}}']);
  });

  it('never holds an upstream back', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    const heard: string[] = [];
    pipe.say(modernCall('1'));
    front.dispatch.last.onDrain(() => heard.push('drained'));
    expect(heard).toEqual(['drained']);
  });

  it.each([
    ['a legacy request', legacyText('tools/list'), -32600, 'OMNI_SESSION_NOT_INITIALIZED'],
    ['a discovery without envelope', legacyText('server/discover'), -32602, 'OMNI_PARAMS_INVALID'],
    [
      'a handshake without version',
      legacyText('initialize', { params: '"capabilities":{},"clientInfo":{}' }),
      -32602,
      'OMNI_PARAMS_INVALID',
    ],
    [
      'an unknown version',
      modernText('tools/list', { version: '2030-01-01' }),
      -32022,
      'OMNI_VERSION_UNSUPPORTED',
    ],
    ['a removed method', modernText('ping'), -32601, 'OMNI_METHOD_UNKNOWN'],
  ])('refuses %s', (_what, text, code, own) => {
    const { pipe } = connect(new FrontFixture());
    pipe.say(text);
    expect(pipe.received.map((one) => JSON.parse(one))).toMatchObject([
      { id: 1, error: { code, data: { code: own } } },
    ]);
  });

  it('answers ping before the handshake, and drops notifications and responses', () => {
    const { pipe } = connect(new FrontFixture());
    pipe.say(
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      '{"jsonrpc":"2.0","id":9,"result":{}}',
      legacyText('ping'),
    );
    expect(pipe.received).toEqual(['{"jsonrpc":"2.0","id":1,"result":{}}']);
  });

  it('shakes hands once', () => {
    const { pipe } = connect(new FrontFixture());
    pipe.say(initializeText(), initializeText());
    expect(JSON.parse(pipe.received[1] ?? '')).toMatchObject({ id: 'hello', error: { code: -32600 } });
  });

  it.each([
    ['no JSON', '{', null, -32700],
    ['a number', '1', null, -32600],
    ['a request without version', '{"id":5,"method":"ping"}', 5, -32600],
  ])('answers %s and reads on', (_what, text, id, code) => {
    const { pipe } = connect(new FrontFixture());
    pipe.say(text, legacyText('ping'));
    expect(pipe.received.map((one) => JSON.parse(one))).toMatchObject([
      { id, error: { code } },
      { id: 1, result: {} },
    ]);
  });

  it('answers bytes that are no message and reads on', () => {
    const { pipe } = connect(new FrontFixture());
    pipe.garble('not-utf8');
    pipe.garble('oversize');
    pipe.garble('no-room');
    pipe.say(legacyText('ping'));
    expect(pipe.received.map((one) => JSON.parse(one))).toMatchObject([
      { id: null, error: { code: -32700, data: { code: 'OMNI_JSON_INVALID' } } },
      { id: null, error: { code: -32600, data: { code: 'OMNI_BODY_TOO_LARGE' } } },
      { id: null, error: { code: -31020, data: { code: 'OMNI_OVERLOADED' } } },
      { id: 1, result: {} },
    ]);
  });

  // guard: channel/id-in-use
  it.each([
    ['modern', modernCall],
    ['legacy', call],
  ])('refuses a %s id that is in use and runs the first request on', (_era, textOf) => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    pipe.say(initializeText(), textOf('1'), textOf('1'));
    expect(front.dispatch.calls).toHaveLength(1);
    expect(pipe.received).toHaveLength(2);
    expect(JSON.parse(pipe.received[1] ?? '')).toMatchObject({
      id: 1,
      error: { data: { code: 'OMNI_REQUEST_ID_IN_USE' } },
    });
    front.dispatch.last.result('{"of":"first"}');
    pipe.say(textOf('1'));
    expect(JSON.parse(pipe.received[2] ?? '')).toMatchObject({ result: { of: 'first' } });
    expect(front.dispatch.calls).toHaveLength(2);
  });

  it.each([
    ['modern', modernCall],
    ['legacy', call],
  ])('cancels a %s call by its id and does not answer it', (_era, textOf) => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    pipe.say(initializeText(), textOf('"a"'), textOf('1'), cancelText('"1"'), cancelText('"a"'));
    front.dispatch.calls[0]?.result('{}');
    front.dispatch.calls[1]?.result('{}');
    expect(front.dispatch.calls.map(({ cancels }) => cancels)).toEqual([['r'], []]);
    expect(pipe.received).toHaveLength(2);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('cancels nothing on other connections', () => {
    const front = new FrontFixture();
    const [one, other] = [connect(front), connect(front)];
    one.pipe.say(modernCall('1'));
    other.pipe.say(cancelText('1'));
    expect(front.dispatch.last.cancels).toEqual([]);
  });

  it('listens, and hears nothing after cancelling', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    pipe.say(
      modernText('subscriptions/listen', { id: '"l"', params: '"notifications":{"toolsListChanged":true}' }),
    );
    front.views.change(['tools']);
    pipe.say(cancelText('"l"'));
    front.views.change(['tools']);
    expect(pipe.received.map((text) => JSON.parse(text).method)).toEqual([
      'notifications/subscriptions/acknowledged',
      'notifications/tools/list_changed',
    ]);
    expect(front.handler.getStatus().details).toMatchObject({ listens: 0 });
  });

  it('asks a legacy client during a call and outside of one', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    pipe.say(initializeText('2025-11-25', CAN_ASK), call('1'));
    const answers: unknown[] = [];
    front.dispatch.last.ask(QUESTION, (answer) => answers.push(answer));
    front.dispatch.last.request.client.session?.onServerRequest(
      'files',
      front.dispatch.last.request.message,
      (answer) => answers.push(answer),
    );
    pipe.say(
      '{"jsonrpc":"2.0","id":"omni-2","result":{"n":2}}',
      '{"jsonrpc":"2.0","id":"omni-1","result":{"n":1}}',
    );
    expect(pipe.received[1]).toBe('{"jsonrpc":"2.0","id":"omni-1","method":"roots/list"}');
    expect(answers).toMatchObject([{ id: '"omni-2"' }, { id: '"omni-1"' }]);
  });

  // guard: question/modern-channel
  it('does not ask modern clients', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    const answers: unknown[] = [];
    pipe.say(modernCall('1'));
    front.dispatch.last.ask(QUESTION, (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ code: 'OMNI_METHOD_UNKNOWN' }]);
    expect(pipe.received).toEqual([]);
  });

  it('announces changes to a client after its handshake', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    front.views.change(['tools']);
    pipe.say(initializeText());
    front.views.change(['prompts']);
    expect(pipe.received.slice(1)).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}',
    ]);
  });

  it('takes batches in sessions of 2025-03-26 only', () => {
    const front = new FrontFixture();
    const [old, newer, none] = [connect(front), connect(front), connect(front)];
    old.pipe.say(
      initializeText('2025-03-26'),
      `[${call('1')},${legacyText('ping', { id: '2' })}]`,
      '[{"jsonrpc":"2.0","method":"notifications/initialized"}]',
    );
    front.dispatch.last.notify(PROGRESS);
    front.dispatch.last.result('{}');
    newer.pipe.say(initializeText(), `[${legacyText('ping')}]`);
    none.pipe.say(`[${legacyText('ping')}]`);
    expect(old.pipe.received.slice(1)).toEqual([
      PROGRESS,
      '[{"jsonrpc":"2.0","id":2,"result":{}},{"jsonrpc":"2.0","id":1,"result":{}}]',
    ]);
    expect(
      [newer.pipe.received[1], none.pipe.received[0]].map((text) => JSON.parse(text ?? '')),
    ).toMatchObject([
      { id: null, error: { code: -32600 } },
      { id: null, error: { code: -32600 } },
    ]);
  });

  // guard: request/permit
  it.each([
    ['modern', modernCall],
    ['legacy', call],
  ])('counts %s requests against the limit, and again when they are done', (_era, textOf) => {
    const front = new FrontFixture({ maxInFlight: 1 });
    const { pipe } = connect(front);
    pipe.say(initializeText(), textOf('1'), textOf('2'));
    expect(JSON.parse(pipe.received[1] ?? '')).toMatchObject({ id: 2, error: { code: -31020 } });
    front.dispatch.last.result('{}');
    pipe.say(textOf('2'));
    expect(front.dispatch.calls).toHaveLength(2);
  });

  it.each([
    ['modern', modernCall],
    ['legacy', call],
  ])('answers a %s request that fails inside, and frees its place', (_era, textOf) => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    pipe.say(initializeText());
    front.dispatch.failure = new RangeError('secret');
    pipe.say(textOf('1'), textOf('1'));
    expect(pipe.received.slice(1).map((text) => JSON.parse(text))).toMatchObject([
      { id: 1, error: { code: -32603 } },
      { id: 1, error: { code: -32603 } },
    ]);
    expect(pipe.received.join('')).not.toContain('secret');
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('answers a handshake that fails inside', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    front.views.failure = new RangeError('secret');
    pipe.say(initializeText());
    expect(pipe.received.map((text) => JSON.parse(text))).toMatchObject([
      { id: 'hello', error: { code: -32603 } },
    ]);
    expect(front.complaints).toEqual(['a request failed inside Omni']);
  });

  // guard: channel/gone
  it('cancels everything when the client goes [S003-PH-03]', () => {
    const front = new FrontFixture();
    const ended: string[] = [];
    const { pipe } = connect(front, { onClosed: () => ended.push('closed') });
    pipe.say(
      initializeText('2025-11-25', CAN_ASK),
      call('1'),
      modernCall('2'),
      modernText('subscriptions/listen', { id: '3', params: '"notifications":{}' }),
    );
    const answers: unknown[] = [];
    front.dispatch.calls[0]?.ask(QUESTION, (answer) => answers.push(answer));
    const before = pipe.received.length;
    pipe.isRead = false;
    pipe.end();
    for (const one of front.dispatch.calls) one.result('{}');
    expect(front.dispatch.calls.map(({ cancels }) => cancels)).toEqual([
      ['the connection was closed'],
      ['the connection was closed'],
    ]);
    expect(answers).toMatchObject([{ code: 'OMNI_CANCELLED' }]);
    expect(ended).toEqual(['closed']);
    expect(pipe.received.length - before).toBe(0);
    expect(front.handler.getStatus().details).toMatchObject({ connections: 0, listens: 0, inFlight: 0 });
    expect(front.complaints).toEqual([]);
  });

  it('answers what runs when the client ends its side and still reads', async () => {
    const front = new FrontFixture();
    const ended: string[] = [];
    const { pipe, connection } = connect(front, {
      answersAfterEnd: true,
      onClosed: () => ended.push('closed'),
    });
    pipe.say(initializeText(), call('1'), modernCall('2'));
    pipe.end();
    expect(ended).toEqual(['closed']);
    expect(front.handler.getStatus().details).toMatchObject({ connections: 1, inFlight: 2 });
    for (const one of front.dispatch.calls) one.result('{}');
    expect(pipe.received.slice(1).map((text) => JSON.parse(text).id)).toEqual([1, 2]);
    expect(front.dispatch.calls.map(({ cancels }) => cancels)).toEqual([[], []]);
    await connection.close();
    expect(pipe.closings).toBe(1);
  });

  it('answers the questions to a client that can say nothing more, so that its calls need not wait', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front, { answersAfterEnd: true });
    pipe.say(initializeText('2025-11-25', CAN_ASK), call('1'), call('2'));
    const answers: unknown[] = [];
    front.dispatch.calls[0]?.ask(QUESTION, (answer) => answers.push(answer));
    pipe.end();
    front.dispatch.calls[1]?.ask(QUESTION, (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ code: 'OMNI_CANCELLED' }, { code: 'OMNI_CANCELLED' }]);
    expect(pipe.received).toHaveLength(2);
    expect(front.dispatch.calls.map(({ cancels }) => cancels)).toEqual([[], []]);
  });

  it('answers a question for a client that is gone at once', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    pipe.say(initializeText('2025-11-25', CAN_ASK), call('1'));
    const { session } = front.dispatch.last.request.client;
    pipe.end();
    const answers: unknown[] = [];
    session?.onServerRequest('files', front.dispatch.last.request.message, (answer) => answers.push(answer));
    expect(answers).toMatchObject([{ code: 'OMNI_CANCELLED' }]);
    expect(pipe.received).toHaveLength(1);
  });

  it('cancels everything when the pipe breaks, whether the client would still read or not', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front, { answersAfterEnd: true });
    pipe.say(modernCall('1'));
    pipe.end(new GatewayError('OMNI_INTERNAL', 'broken pipe'));
    expect(front.dispatch.last.cancels).toEqual(['the connection was closed']);
  });

  // guard: channel/slow-reader
  it.each([false, true])(
    'closes the connection of a client that does not read, once (answers after the end: %s)',
    (answersAfterEnd) => {
      const front = new FrontFixture();
      const { pipe } = connect(front, { answersAfterEnd });
      pipe.say(initializeText(), call('1'), modernCall('2'));
      pipe.isRead = false;
      front.dispatch.last.notify(PROGRESS);
      front.dispatch.last.notify(PROGRESS);
      expect(pipe.closings).toBe(1);
      expect(front.dispatch.calls.map(({ cancels }) => cancels)).toEqual([
        ['the connection was closed'],
        ['the connection was closed'],
      ]);
      expect(front.complaints).toEqual(['a client does not read its messages; its connection is closed']);
      expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
    },
  );

  it('closes the connection on which an answer cannot be written', () => {
    const front = new FrontFixture();
    const { pipe } = connect(front);
    pipe.say(initializeText(), call('1'), modernCall('2'));
    // JSON has no such number, so that nothing can be made of it.
    front.dispatch.last.fail(new GatewayError('OMNI_PARAMS_INVALID', 'x', { data: { n: 1n } }));
    expect(pipe.closings).toBe(1);
    expect(front.dispatch.calls.map(({ cancels }) => cancels)).toEqual([['the connection was closed'], []]);
    expect(front.complaints).toEqual([
      'an answer could not be written; the connection is closed',
      'a request failed inside Omni',
    ]);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0, requests: 3, settled: 3 });
  });

  // guard: channel/given-up
  it('begins nothing more for a client that it has given up, though more came in the same chunk', () => {
    const front = new FrontFixture();
    const pipe = new Pipe();
    // As a socket: its end is told later, and what was read before is still handed out.
    pipe.close = () => Promise.resolve();
    front.handler.bind(pipe.open, { principal: LOCAL });
    pipe.say(initializeText());
    pipe.isRead = false;
    pipe.say(
      legacyText('ping'),
      call('1'),
      modernCall('2'),
      modernText('subscriptions/listen', { id: '3', params: '"notifications":{"toolsListChanged":true}' }),
    );
    pipe.garble('not-utf8');
    expect(front.dispatch.calls).toHaveLength(0);
    expect(front.complaints).toEqual(['a client does not read its messages; its connection is closed']);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0, listens: 0 });
  });
});
