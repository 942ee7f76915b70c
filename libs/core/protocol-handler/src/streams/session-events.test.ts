import type { RecordingExchange } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, messageOf } from '../front.fixture.ts';

const MIB = 1024 * 1024;
const ASK = '{"jsonrpc":"2.0","id":5,"method":"roots/list"}';

function progress(n: number, padding = ''): string {
  return `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":${n},"message":"${padding}"}}`;
}

/** Numbers of the progress notifications, and `answer` for the answer. */
function heard(exchange: RecordingExchange): readonly unknown[] {
  return exchange.events().map((text) => {
    const { params, result } = JSON.parse(text) as { params?: { progress: number }; result?: unknown };
    return params?.progress ?? (result === undefined ? text : 'answer');
  });
}

function idsOf(exchange: RecordingExchange): readonly (string | undefined)[] {
  return exchange.identifiedEvents().map(({ id }) => id);
}

describe('resumable streams', () => {
  it('give each event an id of its own stream, behind one without data', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const [one, two] = [await session.call('1'), await session.call('2')];
    const standalone = await session.listen();
    one.call.notify(progress(1));
    two.call.notify(progress(2));
    front.views.change(['tools']);
    one.call.result('{}');
    expect(idsOf(one.exchange)).toEqual(['s1-0', 's1-1', 's1-2']);
    expect(idsOf(two.exchange)).toEqual(['s2-0', 's2-1']);
    expect(idsOf(standalone)).toEqual(['s0-0', 's0-1']);
    expect(
      [one, two].map(({ exchange }) => exchange.text().startsWith(`id: ${idsOf(exchange)[0]}\ndata: \n\n`)),
    ).toEqual([true, true]);
  });

  // guard: session/priming
  it.each(['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18'])(
    'begin with a message in sessions of %s',
    async (version) => {
      const session = await new FrontFixture().session({ version });
      const { exchange, call } = await session.call();
      call.notify(progress(1));
      expect(idsOf(exchange)).toEqual(['s1-1']);
      expect(idsOf(await session.listen())).toEqual([]);
    },
  );

  it('give answers in JSON no id', async () => {
    const { exchange, call } = await (await new FrontFixture().session()).call();
    call.result('{}');
    expect(exchange.json()).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
  });

  it('go on behind the last event that was seen, up to the answer', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    call.notify(progress(2));
    exchange.leave();
    call.notify(progress(3));
    const resumed = await session.resume('s1-1');
    expect(resumed.status).toBe(200);
    expect(resumed.responseHeader('content-type')).toBe('text/event-stream');
    expect(heard(resumed)).toEqual([2, 3]);
    call.notify(progress(4));
    call.result('{}');
    expect(heard(resumed)).toEqual([2, 3, 4, 'answer']);
    expect(idsOf(resumed)).toEqual(['s1-2', 's1-3', 's1-4', 's1-5']);
    expect(resumed.state).toBe('ended');
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('keep the answer that came while nobody listened, bytes as they are', async () => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    const text = '{"jsonrpc":"2.0","id":1,"result":{"ü":"\\ud800 1.0e2"}}';
    call.bytes(text);
    const resumed = await session.resume('s1-1');
    expect(resumed.events()).toEqual([text]);
    expect(resumed.state).toBe('ended');
  });

  it('can be resumed from the event without data', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    front.clock.advance(5_000);
    expect(idsOf(exchange)).toEqual(['s1-0']);
    exchange.leave();
    call.result('{}');
    expect(heard(await session.resume('s1-0'))).toEqual(['answer']);
  });

  it('can be resumed again and again', async () => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    call.result('{}');
    expect(heard(await session.resume('s1-0'))).toEqual([1, 'answer']);
    expect(heard(await session.resume('s1-0'))).toEqual([1, 'answer']);
    expect(heard(await session.resume('s1-1'))).toEqual(['answer']);
  });

  it.each(['2025-11-25', '2025-03-26'])(
    'answer 405 when there is nothing left, which ends the retries of clients (%s)',
    async (version) => {
      const session = await new FrontFixture().session({ version });
      const { call } = await session.call();
      call.notify(progress(1));
      call.result('{}');
      const over = await session.resume('s1-2');
      expect(over.status).toBe(405);
      expect(over.responseHeader('allow')).toBe('POST, DELETE');
      expect(over.json()).toMatchObject({ id: null, error: { data: { code: 'OMNI_STREAM_OVER' } } });
    },
  );

  it('answer 405 when what is left is not kept, lest a client comes back for it again and again', async () => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    call.notify(progress(2));
    exchange.leave();
    call.result(`{"long":"${'x'.repeat(4 * MIB)}"}`);
    const resumed = await session.resume('s1-1');
    expect(heard(resumed)).toEqual([2]);
    expect(resumed.state).toBe('ended');
    expect((await session.resume('s1-2')).status).toBe(405);
  });

  it('end without an answer when the client cancels', async () => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    const resumed = await session.resume('s1-1');
    await session.post('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    expect(resumed.state).toBe('ended');
    expect(resumed.events()).toEqual([]);
    expect((await session.resume('s1-1')).status).toBe(405);
    expect((await session.resume('s1-0')).status).toBe(200);
  });

  it('move to the connection that asks last, which is the only one to hear more', async () => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    const resumed = await session.resume('s1-0');
    // The server learns only now that the first connection is gone.
    exchange.leave();
    call.notify(progress(2));
    expect(exchange.state).toBe('destroyed');
    expect(heard(exchange)).toEqual([1]);
    expect(heard(resumed)).toEqual([1, 2]);
  });

  // guard: events/own-stream
  it('never send events of another stream', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const [one, two] = [await session.call('1'), await session.call('2')];
    one.call.notify(progress(1));
    two.call.notify(progress(2));
    front.views.change(['tools']);
    for (const { exchange } of [one, two]) exchange.leave();
    const resumed = await session.resume('s2-0');
    front.views.change(['prompts']);
    one.call.result('{}');
    expect(heard(resumed)).toEqual([2]);
    expect(resumed.state).toBe('streaming');
  });

  it('never send events of another session, whoever asks', async () => {
    const front = new FrontFixture();
    const [mine, theirs] = [await front.session(), await front.session()];
    const { exchange, call } = await mine.call();
    call.notify(progress(1));
    exchange.leave();
    const [other, foreign] = [await mine.resume('s1-0', 'other'), await theirs.resume('s1-0')];
    expect(other.status).toBe(404);
    expect(other.events()).toEqual([]);
    expect(foreign.status).toBe(200);
    expect(foreign.events()).toEqual([]);
    expect(heard(await mine.resume('s1-0'))).toEqual([1]);
  });

  it.each([
    '0',
    '-1',
    's1',
    's1-',
    's1-2',
    's9-0',
    's01e-0',
    's-1-0',
    '__proto__',
    'x'.repeat(5_000),
    's1-9999999999999999999999',
  ])('do not heed the id %.30s, which was never given out', async (id) => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    const standalone = await session.resume(id);
    expect(standalone.status).toBe(200);
    expect(standalone.events()).toEqual([]);
    expect(idsOf(standalone)).toEqual(['s0-0']);
    expect((await session.listen()).status).toBe(200);
    expect(heard(await session.resume('s1-0'))).toEqual([1]);
  });

  it('go on with the standalone stream, then with what waited', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const stream = await session.listen();
    front.views.change(['tools']);
    front.views.change(['prompts']);
    stream.leave();
    front.views.change(['resources']);
    const resumed = await session.resume('s0-1');
    const kinds = resumed.events().map((text) => /prompts|resources|tools/.exec(text)?.[0]);
    expect(kinds).toEqual(['prompts', 'resources']);
    expect(idsOf(resumed)).toEqual(['s0-2', 's0-3']);
    front.views.change(['tools']);
    expect(idsOf(resumed)).toEqual(['s0-2', 's0-3', 's0-4']);
  });

  it('take the standalone stream over from a connection that is only believed to be open', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const stream = await session.listen();
    front.views.change(['tools']);
    const resumed = await session.resume('s0-0');
    stream.leave();
    front.views.change(['prompts']);
    expect(stream.state).toBe('destroyed');
    expect(stream.events()).toHaveLength(1);
    expect(resumed.events()).toHaveLength(2);
    front.clock.advance(15_000);
    expect(resumed.text()).toContain(': keep-alive');
  });

  it('are kept alive on the connection that hears them', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    const resumed = await session.resume('s1-1');
    front.clock.advance(15_000);
    expect(resumed.text()).toBe(': keep-alive\n\n');
    expect(exchange.text()).not.toContain(': keep-alive');
  });

  it('do not hold an upstream back while nobody listens, and do again when somebody reads slowly', async () => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.backlogBytes = 2 * MIB;
    const drained: string[] = [];
    expect(call.notify(progress(2))).toBe(false);
    call.onDrain(() => drained.push('gone'));
    exchange.leave();
    expect(call.notify(progress(3))).toBe(true);
    expect(drained).toEqual(['gone']);
    const resumed = await session.resume('s1-1');
    resumed.backlogBytes = 20_000;
    expect(call.notify(progress(4))).toBe(false);
    call.onDrain(() => drained.push('read'));
    resumed.drain();
    expect(drained).toEqual(['gone', 'read']);
    expect(heard(resumed)).toEqual([3, 4]);
  });

  it('keep a question for a client that comes back', async () => {
    const session = await new FrontFixture().session({ capabilities: '{"roots":{}}' });
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    const answers: unknown[] = [];
    call.ask(ASK, (answer) => answers.push(answer));
    expect(answers).toEqual([]);
    const resumed = await session.resume('s1-1');
    await session.post('{"jsonrpc":"2.0","id":"omni-1","result":{"roots":[]}}');
    expect(resumed.events()).toEqual(['{"jsonrpc":"2.0","id":"omni-1","method":"roots/list"}']);
    expect(answers).toMatchObject([{ id: '"omni-1"' }]);
  });

  // guard: events/count
  it('keep the newest thousand events of a session [PROTO-R06]', async () => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(0));
    exchange.leave();
    for (let n = 1; n <= 1_000; n++) call.notify(progress(n));
    const resumed = await session.resume('s1-0');
    expect(heard(resumed).length).toBe(1_000);
    expect(heard(resumed)[0]).toBe(1);
    expect(heard(resumed)[999]).toBe(1_000);
  });

  // guard: events/size, events/one-size
  it('keep four megabytes, and no event that is larger [PROTO-R06]', async () => {
    const session = await new FrontFixture().session();
    const { exchange, call } = await session.call();
    call.notify(progress(0));
    exchange.leave();
    for (let n = 1; n <= 6; n++) call.notify(progress(n, 'x'.repeat(MIB - 200)));
    call.notify(progress(7, 'x'.repeat(5 * MIB)));
    expect(heard(await session.resume('s1-0'))).toEqual([3, 4, 5, 6]);
  });

  // guard: events/fair
  it('keep the answer of one call through the flood of another', async () => {
    const session = await new FrontFixture().session();
    const [quiet, loud] = [await session.call('1'), await session.call('2')];
    for (const { call, exchange } of [quiet, loud]) {
      call.notify(progress(0));
      exchange.leave();
    }
    quiet.call.result('{}');
    for (let n = 1; n <= 2_000; n++) loud.call.notify(progress(n));
    expect(heard(await session.resume('s1-1'))).toEqual(['answer']);
  });

  // guard: events/age
  it('keep events for five minutes, and leave no timer behind', async () => {
    const front = new FrontFixture({ sessionIdleMs: 6_000_000 });
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    call.result('{}');
    front.clock.advance(299_000);
    expect((await session.resume('s1-0')).status).toBe(200);
    expect(front.clock.pendingTimers).toBe(2);
    front.clock.advance(1_000);
    expect((await session.resume('s1-0')).status).toBe(405);
    expect((await session.resume('s1-2')).status).toBe(405);
    // What is left looks for idle sessions.
    expect(front.clock.pendingTimers).toBe(1);
  });

  // guard: events/budget
  it('keep no more than 64 megabytes of all sessions together', async () => {
    const front = new FrontFixture({ maxSessions: 20 });
    const sessions = [];
    for (let n = 0; n < 17; n++) {
      const session = await front.session();
      sessions.push(session);
      const owner = (await session.call()).call.request.client.session;
      front.dispatch.last.result('{}');
      const stream = await session.listen();
      for (let at = 0; at < 4; at++) {
        owner?.onNotification(
          'files',
          messageOf(
            `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"${'x'.repeat(MIB - 200)}"}}`,
          ),
        );
      }
      stream.leave();
    }
    const first = await sessions[0]?.resume('s0-0');
    const last = await sessions[16]?.resume('s0-0');
    expect(first?.events().length).toBe(4);
    expect(last?.events().length).toBe(0);
    // Another user has not used any of it.
    const others = await front.session({ token: 'other' });
    const kept = await others.call();
    kept.call.notify(progress(1));
    kept.exchange.leave();
    expect(heard(await others.resume('s1-0', 'other'))).toEqual([1]);
    // What a session held is free again when it has ended.
    await sessions[0]?.end();
    const late = await front.session();
    const { exchange, call } = await late.call();
    call.notify(progress(1));
    exchange.leave();
    expect(heard(await late.resume('s1-0'))).toEqual([1]);
  });

  it('are forgotten with their session', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    const resumed = await session.resume('s1-1');
    await session.end();
    expect(resumed.state).toBe('ended');
    expect((await session.resume('s1-0')).status).toBe(404);
    front.clock.advance(2_000);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 0, inFlight: 0 });
  });

  it('end with an error for those who listen when Omni stops', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { exchange, call } = await session.call();
    call.notify(progress(1));
    exchange.leave();
    const resumed = await session.resume('s1-1');
    const stopped = front.handler.stop({ deadlineMs: 0 });
    await front.clock.advanceAsync(0);
    await stopped;
    expect(resumed.state).toBe('ended');
    expect(resumed.events().map((text) => JSON.parse(text))).toMatchObject([
      { id: 1, error: { code: -31021 } },
    ]);
  });
});
