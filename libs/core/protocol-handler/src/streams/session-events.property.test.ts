import type { RecordingExchange } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrontFixture, type LegacyClient, type RoutedCall } from '../front.fixture.ts';

/**
 * What happens next to one of the calls: it sends, loses its connection with some events unread, comes back,
 * or is answered.
 */
const step = fc.record({
  call: fc.nat(2),
  act: fc.constantFrom(
    'send' as const,
    'send' as const,
    'break' as const,
    'resume' as const,
    'answer' as const,
  ),
  unread: fc.nat(3),
});

/** One call, and what its client has read so far over all connections. */
class Listener {
  readonly sent: string[] = [];
  readonly read: string[] = [];
  readonly #session: LegacyClient;
  readonly #call: RoutedCall;
  readonly #name: string;
  #exchange: RecordingExchange | undefined;
  #lastId = '';
  #isAnswered = false;

  constructor(
    session: LegacyClient,
    name: string,
    { exchange, call }: { exchange: RecordingExchange; call: RoutedCall },
  ) {
    this.#session = session;
    this.#name = name;
    this.#exchange = exchange;
    this.#call = call;
  }

  send(): void {
    if (this.#isAnswered) return;
    const text = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"${this.#name}","progress":${this.sent.length}}}`;
    this.sent.push(text);
    this.#call.notify(text);
  }

  answer(): void {
    if (this.#isAnswered || this.sent.length === 0) return;
    this.#isAnswered = true;
    this.sent.push(`{"jsonrpc":"2.0","id":${this.#call.request.message.id},"result":{}}`);
    this.#call.result('{}');
  }

  /** @param unread - How many of the latest events the client did not get before the connection broke. */
  break(unread: number): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const events = exchange.identifiedEvents();
    // A connection that ended in good order was read to its end.
    const count = exchange.state === 'ended' ? events.length : Math.max(0, events.length - unread);
    for (const { id, data } of events.slice(0, count)) {
      this.#lastId = id ?? this.#lastId;
      if (data !== '') this.read.push(data);
    }
    exchange.leave();
    this.#exchange = undefined;
  }

  async resume(): Promise<void> {
    // Without an id the client knows nothing to resume.
    if (this.#exchange !== undefined || this.#lastId === '') return;
    const exchange = await this.#session.resume(this.#lastId);
    if (exchange.status === 200) this.#exchange = exchange;
  }

  /** Whether the client could have come back at all. */
  get hasId(): boolean {
    return this.#lastId !== '';
  }
}

describe('resumable streams under random disconnects', () => {
  it('bring each event exactly once and in order', async () => {
    let resumedRuns = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const session = await new FrontFixture().session();
        const listeners: Listener[] = [];
        for (const name of ['a', 'b', 'c'])
          listeners.push(new Listener(session, name, await session.call(`"${name}"`)));
        for (const { call, act, unread } of steps) {
          const listener = listeners[call];
          if (act === 'send') listener?.send();
          else if (act === 'answer') listener?.answer();
          else if (act === 'break') listener?.break(unread);
          else await listener?.resume();
        }
        for (const listener of listeners) {
          listener.answer();
          listener.break(0);
          await listener.resume();
          listener.break(0);
          if (listener.hasId) expect(listener.read).toEqual(listener.sent);
          // Who saw no id has seen nothing either.
          else expect(listener.read).toEqual([]);
          if (listener.hasId && listener.sent.length > 1) resumedRuns++;
        }
      }),
      { numRuns: 300 },
    );
    expect(resumedRuns).toBeGreaterThan(100);
  });
});
