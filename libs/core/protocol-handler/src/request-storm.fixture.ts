import {
  type ChannelListener,
  GatewayError,
  type HeaderList,
  type LogFields,
  type MessageChannel,
} from '@omni/ports';
import type { RecordingExchange } from '@omni/testing';
import {
  FrontFixture,
  initializeText,
  legacyText,
  LOCAL,
  modernText,
  type RoutedCall,
} from './front.fixture.ts';
import { LegacySession } from './legacy/legacy-session.ts';

const AUTHORIZED = ['Host', 'localhost', 'Authorization', 'Bearer owner'];
const JSON_BODY = ['Content-Type', 'application/json', 'Accept', 'application/json, text/event-stream'];
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}';
const QUESTION = '{"jsonrpc":"2.0","id":5,"method":"roots/list"}';
const HANDSHAKE = initializeText('2025-03-26', '{"roots":{}}');
const CLIENTS = 4;
/** So few that ids of requests that run are often sent again. */
const IDS = 12;
const ENCODER = new TextEncoder();

/** A way in. */
type Way = 'session' | 'pipe' | 'sse';

/** A client that sends JSON-RPC messages in a session of 2025-03-26, which has everything. */
interface Conversation {
  /** @returns Whether the message was read. */
  say(text: string): Promise<boolean>;
  /** Ends it from the client's side. */
  end(): Promise<void>;
  /** Whether modern requests may be mixed in. */
  readonly isChannel: boolean;
  readonly way: Way;
  readonly hasSession: boolean;
}

/**
 * Thousands of requests on all ways in, with everything that can end them, in an order that a seed decides.
 *
 * What has gone wrong is told by {@link faults}.
 */
export class RequestStorm {
  readonly front: FrontFixture;
  readonly #random: () => number;
  /** Ids of requests in the order in which they ended. */
  readonly #ended: unknown[] = [];
  readonly #outcomes = new Map<string, number>();
  readonly #exchanges: { readonly exchange: RecordingExchange; hasLeft: boolean }[] = [];
  readonly #conversations: (Conversation | undefined)[] = Array.from({ length: 3 * CLIENTS });
  readonly #answered = new Set<RoutedCall>();
  readonly #streaming = new Set<RoutedCall>();
  #pending: RoutedCall[] = [];
  #late: RoutedCall[] = [];
  readonly #waysIn = new Map<string, number>();
  #seen = 0;
  #sent = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.front = new FrontFixture(
      { maxInFlight: 16, maxSessions: 100, maxSessionInFlight: 8, sessionIdleMs: 60 * 60_000 },
      { legacySse: true, debug: (fields) => this.#onEnded(fields) },
    );
  }

  /** How often requests ended in which way. */
  get outcomes(): ReadonlyMap<string, number> {
    return this.#outcomes;
  }

  /** How many requests came by which way, in which era; those of batches apart. */
  get waysIn(): ReadonlyMap<string, number> {
    return this.#waysIn;
  }

  /** @param count - How many requests at least. */
  async run(count: number): Promise<void> {
    while (this.#sent < count) {
      await this.#step();
      this.#collect();
    }
    const stopped = this.front.handler.stop({ deadlineMs: 1_000 });
    await this.#modernRequest();
    await this.front.clock.advanceAsync(1_000);
    await stopped;
    this.#collect();
    for (const call of [...this.#pending, ...this.#late]) call.result('{"late":true}');
    await this.front.clock.advanceAsync(2_000);
  }

  /** What is not as it must be when all is over. */
  faults(): readonly string[] {
    const { handler, clock, dispatch, views, complaints } = this.front;
    const { requests, settled, inFlight, sessions, connections, listens } = handler.getStatus().details;
    const sessionsSeen = new Set(dispatch.calls.map(({ request }) => request.client.session));
    const busy = [...sessionsSeen].filter((one) => one instanceof LegacySession && one.calls.size > 0);
    const orphans = dispatch.calls.filter(
      (call) => call.cancels.length !== (this.#answered.has(call) ? 0 : 1),
    );
    const open = this.#exchanges.filter(
      ({ exchange, hasLeft }) => !hasLeft && ['none', 'streaming'].includes(exchange.state),
    );
    const failures = complaints.filter((text) => text.includes('inside Omni'));
    const facts: readonly (readonly [what: string, is: unknown, mustBe: unknown])[] = [
      ['requests read', requests, this.#sent],
      ['requests settled', settled, this.#sent],
      ['requests logged', this.#ended.length, this.#sent],
      ['different requests logged', new Set(this.#ended).size, this.#sent],
      ['in flight', inFlight, 0],
      ['sessions', sessions, 0],
      ['connections', connections, 0],
      ['listens', listens, 0],
      ['sessions whose table is not empty', busy.length, 0],
      ['calls neither answered nor cancelled, or both', orphans.length, 0],
      ['exchanges without an end', open.length, 0],
      ['timers', clock.pendingTimers, 0],
      ['watchers', views.watchers, 0],
      ['failures inside', failures.length, 0],
    ];
    return facts.flatMap(([what, is, mustBe]) =>
      is === mustBe ? [] : [`${what}: ${String(is)}, not ${String(mustBe)}`],
    );
  }

  #onEnded({ requestId, outcome }: LogFields): void {
    this.#ended.push(requestId);
    const name = String(outcome);
    this.#outcomes.set(name, (this.#outcomes.get(name) ?? 0) + 1);
  }

  #count(way: string, count = 1): void {
    this.#sent += count;
    this.#waysIn.set(way, (this.#waysIn.get(way) ?? 0) + count);
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #collect(): void {
    const { calls } = this.front.dispatch;
    this.#pending.push(...calls.slice(this.#seen));
    this.#seen = calls.length;
    this.#late.push(...this.#pending.filter((call) => call.cancels.length > 0));
    this.#pending = this.#pending.filter((call) => call.cancels.length === 0 && !this.#answered.has(call));
  }

  async #step(): Promise<void> {
    const dice = this.#below(100);
    if (dice < 12) return this.#modernRequest();
    if (dice < 48) return this.#converse();
    if (dice < 75) return this.#act();
    if (dice < 80) return this.#leave();
    if (dice < 81) return this.#endConversation();
    if (dice < 83) return this.front.clock.advanceAsync(this.#below(3_000));
    if (dice < 84) return this.front.views.change(['tools']);
    if (dice < 90) return this.#lateAnswer();
    return this.#strangeRequest();
  }

  #method(): string {
    const dice = this.#below(20);
    if (dice < 12) return 'tools/call';
    return (
      ['tools/list', 'ping', 'vendor/none', 'resources/subscribe', 'logging/setLevel', 'prompts/get'][
        dice - 12
      ] ?? 'server/discover'
    );
  }

  async #modernRequest(): Promise<void> {
    const isListen = this.#below(15) === 0;
    const params = isListen
      ? '"notifications":{"toolsListChanged":true,"resourceSubscriptions":["file:///a"]}'
      : '"name":"x"';
    const method = isListen ? 'subscriptions/listen' : this.#method();
    this.#count('http modern');
    this.#keep(await this.front.modern(method, { id: this.#id(), params, name: 'x' }));
  }

  /** One that is refused before it reaches anybody. */
  async #strangeRequest(): Promise<void> {
    this.#count('http refused');
    const request = { id: this.#id(), params: '"name":"x"' };
    const [legacy, modern] = [legacyText('tools/call', request), modernText('tools/call', request)];
    const strange: readonly (readonly [text: string, headers: HeaderList])[] = [
      [legacy, ['Mcp-Session-Id', 'nobody']],
      [legacy, []],
      [legacy, ['MCP-Protocol-Version', '1999-01-01']],
      [legacy, ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/call']],
      [modern, ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'ping']],
    ];
    const [text, headers] = strange[this.#below(strange.length)] ?? [legacy, []];
    this.#keep(await this.front.post(text, headers));
  }

  async #converse(): Promise<void> {
    const index = this.#below(this.#conversations.length);
    const conversation = this.#conversations[index];
    if (conversation === undefined) {
      this.#conversations[index] = await this.#open(index % 3);
      return;
    }
    const dice = this.#below(12);
    if (dice < 2) {
      const reason = '"reason":"no more"';
      await conversation.say(
        `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${this.#id()},${reason}}}`,
      );
    } else if (dice < 4 && conversation.hasSession) {
      const count = 1 + this.#below(4);
      const items = Array.from({ length: count }, () => this.#legacyText());
      const cancel = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${this.#id()}}}`;
      if (await conversation.say(`[${[...items, cancel].join(',')}]`))
        this.#count(`${conversation.way} batch`, count);
    } else {
      const isModern = conversation.isChannel && this.#below(3) === 0;
      const text = isModern
        ? modernText(this.#method(), { id: this.#id(), params: '"name":"x"' })
        : this.#legacyText();
      if (await conversation.say(text)) this.#count(`${conversation.way} ${isModern ? 'modern' : 'legacy'}`);
    }
  }

  #legacyText(): string {
    const params = '"name":"x","uri":"file:///a","level":"info"';
    return legacyText(this.#method(), { id: this.#id(), params });
  }

  #id(): string {
    return String(this.#below(IDS));
  }

  #keep(exchange: RecordingExchange): void {
    this.#exchanges.push({ exchange, hasLeft: false });
  }

  /** A client closes the connection of one request or stream. */
  async #leave(): Promise<void> {
    const open = this.#exchanges.slice(-40).filter(({ exchange }) => exchange.state === 'none');
    const one = open[this.#below(open.length)];
    if (one === undefined) return;
    one.hasLeft = true;
    one.exchange.leave();
    await this.front.settle();
  }

  async #endConversation(): Promise<void> {
    const index = this.#below(this.#conversations.length);
    const conversation = this.#conversations[index];
    this.#conversations[index] = undefined;
    await conversation?.end();
  }

  /** A server goes on with one of its calls. */
  #act(): void {
    const call = this.#pending[this.#below(this.#pending.length)];
    if (call === undefined) return;
    const dice = this.#below(20);
    if (this.#streaming.has(call)) {
      call.chunks?.onChunk(ENCODER.encode(' '));
      if (dice < 8) this.#over(call, () => call.chunks?.onResponseEnd());
      else if (dice < 10) this.#over(call, () => call.fail(new GatewayError('OMNI_UPSTREAM_EXITED', 'x')));
    } else if (dice < 8) this.#over(call, () => call.result('{}'));
    else if (dice < 10) this.#over(call, () => call.bytes(`{"jsonrpc":"2.0","id":1,"result":{}}`));
    else if (dice < 12) this.#over(call, () => call.fail(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'x')));
    else if (dice < 14) call.notify(PROGRESS);
    else if (dice < 15) call.ask(QUESTION, () => {});
    else if (call.chunks !== undefined) {
      this.#streaming.add(call);
      call.chunks.onResponseHead({ status: 200, length: undefined, isError: dice === 15, isKept: false });
    }
  }

  #over(call: RoutedCall, end: () => void): void {
    this.#answered.add(call);
    this.#late.push(call);
    end();
  }

  /** A server answers what is over. */
  #lateAnswer(): void {
    const call = this.#late[this.#below(this.#late.length)];
    call?.notify(PROGRESS);
    call?.result('{"late":true}');
    call?.chunks?.onResponseEnd();
  }

  async #open(kind: number): Promise<Conversation | undefined> {
    const conversation =
      kind === 0 ? await this.#openSession() : kind === 1 ? this.#openPipe() : await this.#openSse();
    // Of a session over HTTP this was the handshake.
    if (kind !== 0 && (await conversation?.say(HANDSHAKE))) this.#count('handshake');
    return conversation;
  }

  async #openSession(): Promise<Conversation | undefined> {
    this.#count('handshake');
    const opened = await this.front.post(HANDSHAKE);
    const id = opened.responseHeader('mcp-session-id');
    if (id === undefined) return undefined;
    const headers = ['Mcp-Session-Id', id];
    return {
      isChannel: false,
      way: 'session',
      hasSession: true,
      say: async (text) => {
        this.#keep(await this.front.post(text, headers));
        return true;
      },
      end: async () => {
        await this.front.raw({ method: 'DELETE', path: '/mcp', headers: [...AUTHORIZED, ...headers] });
      },
    };
  }

  #openPipe(): Conversation {
    const pipe = new StormPipe();
    this.front.handler.bind((listener) => pipe.open(listener), { principal: LOCAL });
    return {
      isChannel: true,
      way: 'pipe',
      get hasSession() {
        return pipe.hasSession;
      },
      say: (text) => Promise.resolve(pipe.say(text)),
      end: async () => {
        // Some go, and some do not read any more.
        if (this.#below(2) === 0) return pipe.end();
        pipe.isRead = false;
        if (pipe.say(legacyText('ping'))) this.#count('pipe legacy');
        await this.front.settle();
      },
    };
  }

  async #openSse(): Promise<Conversation | undefined> {
    const headers = [...AUTHORIZED, 'Accept', 'text/event-stream'];
    const stream = await this.front.raw({ method: 'GET', path: '/sse', headers });
    let hasSession = false;
    const query = /\?(sessionId=\S+)/.exec(stream.text())?.[1];
    if (query === undefined) return undefined;
    return {
      isChannel: true,
      way: 'sse',
      get hasSession() {
        return (hasSession ||= stream.text().includes('"protocolVersion"'));
      },
      say: async (body) => {
        const request = { path: '/messages', query, headers: [...AUTHORIZED, ...JSON_BODY], body };
        return (await this.front.raw(request)).status === 202;
      },
      end: async () => {
        stream.leave();
        await this.front.settle();
      },
    };
  }
}

/** A client's end of a pipe. */
class StormPipe implements MessageChannel {
  isRead = true;
  hasSession = false;
  #listener: ChannelListener | undefined;

  open(listener: ChannelListener): this {
    this.#listener = listener;
    return this;
  }

  send(text: string): boolean {
    this.hasSession ||= text.includes('"protocolVersion"');
    return this.isRead;
  }

  close(): Promise<void> {
    this.end();
    return Promise.resolve();
  }

  /** @returns Whether anybody heard it. */
  say(text: string): boolean {
    this.#listener?.onMessage(text);
    return this.#listener !== undefined || !this.isRead;
  }

  end(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onClose(undefined);
  }
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
