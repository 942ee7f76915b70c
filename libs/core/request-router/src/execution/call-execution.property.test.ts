import { describe, expect, it } from '@jest/globals';
import type { ChunkSink, ClientContext, ResponseHead } from '@omni/model';
import { type Era, GatewayError } from '@omni/ports';
import fc from 'fast-check';
import { PARK_MS } from '../bridge/parked-calls.ts';
import {
  clientOf,
  FakeSession,
  messageOf,
  requestOf,
  RouterFixture,
  type RecordingReply,
  type ScriptedConnection,
  type SentCall,
} from '../router.fixture.ts';

const CAPABILITIES = '{"elicitation":{"form":{},"url":{}},"roots":{}}';
const READ = requestOf(
  'resources/read',
  '{"uri":"file:///a","_meta":{"progressToken":"t","io.modelcontextprotocol/logLevel":"debug"}}',
);
const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}';
const LOG = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error"}}';
const NOT_HERE = '"error":{"code":-32602,"message":"not here"}';
const PAGES =
  '"error":{"code":-32042,"message":"m","data":{"elicitations":[{"mode":"url","url":"https://a/"}]}}';
const ASKS =
  '"result":{"resultType":"input_required","inputRequests":{"k":{"method":"roots/list"}},"requestState":"s"}';
const STATE_ONLY = '"result":{"resultType":"input_required","requestState":"s"}';
const HEAD: ResponseHead = { status: 200, length: undefined, isError: false, isKept: true };

/** Something happens at the server that was asked `back` calls ago, or to the client. */
type Event =
  | { readonly kind: 'say'; readonly text: string; readonly back: number }
  | { readonly kind: 'answer'; readonly members: string; readonly back: number }
  | { readonly kind: 'fail' | 'ask' | 'stream' | 'chunk' | 'end'; readonly back: number }
  | { readonly kind: 'cancel' | 'open' | 'wait' | 'pause' | 'drain' };

const back = fc.nat({ max: 2 });
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('say' as const), text: fc.constantFrom(PROGRESS, LOG), back }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      members: fc.constantFrom('"result":{"contents":[]}', NOT_HERE, NOT_HERE, PAGES, ASKS, STATE_ONLY),
      back,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('fail' as const, 'ask' as const, 'chunk' as const, 'end' as const),
      back,
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('stream' as const), back: fc.constant(0) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'cancel' as const,
        'open' as const,
        'wait' as const,
        'pause' as const,
        'drain' as const,
      ),
    }),
  },
);

const scenario = fc.record({
  client: fc.constantFrom<Era>('legacy', 'modern'),
  servers: fc.array(fc.constantFrom<Era | 'down'>('legacy', 'modern', 'modern', 'modern', 'down'), {
    minLength: 1,
    maxLength: 3,
  }),
  isSlow: fc.boolean(),
  takesChunks: fc.constantFrom(true, true, false),
  answersAtOnce: fc.boolean(),
  events: fc.array(event, { maxLength: 14 }),
});

type Scenario = typeof scenario extends fc.Arbitrary<infer Given> ? Given : never;

/** Counts how often a streamed answer ends. */
class CountingChunks implements ChunkSink {
  heads = 0;
  ends = 0;

  onResponseHead(): void {
    this.heads++;
  }

  onChunk(): boolean {
    return true;
  }

  onResponseEnd(): void {
    this.ends++;
  }
}

/** One request and the servers that it is sent to. */
class Run {
  readonly fixture = new RouterFixture();
  readonly connections: ScriptedConnection[] = [];
  readonly chunks = new CountingChunks();
  readonly reply: RecordingReply;
  readonly #cancel: () => void;
  /** Calls whose server has answered: it will not do so again. */
  readonly #answered = new Set<SentCall>();
  readonly #streams = new Map<SentCall, ChunkSink>();
  isCancelled = false;
  /** What the client had heard when a server was asked. */
  readonly heardBefore: number[] = [];

  constructor({ client, servers, isSlow, takesChunks, answersAtOnce }: Scenario) {
    const names = servers.map((_, index) => `server${index}`);
    servers.forEach((era, index) => {
      if (era === 'down') return;
      const connection = this.fixture.connection(names[index] ?? '', era);
      connection.binding = new FakeSession(CAPABILITIES);
      this.connections.push(connection);
    });
    this.fixture.views.owners = names;
    this.fixture.upstreams.isSlow = isSlow;
    const who: ClientContext =
      client === 'legacy'
        ? new FakeSession(CAPABILITIES).client()
        : { ...clientOf('modern'), capabilities: CAPABILITIES };
    let heard = (): number => 0;
    this.fixture.upstreams.onWanted = () => this.heardBefore.push(heard());
    const { reply, running } = this.fixture.route(
      READ,
      who,
      undefined,
      takesChunks ? this.chunks : undefined,
    );
    heard = () => reply.notifications.length + reply.serverRequests.length + this.chunks.heads;
    if (!answersAtOnce) reply.replies = [undefined];
    this.reply = reply;
    this.#cancel = () => running.cancel('enough');
  }

  get ends(): number {
    return this.reply.ends + this.chunks.ends;
  }

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case 'cancel':
        this.isCancelled ||= this.ends === 0;
        return this.#cancel();
      case 'open':
        for (const open of this.fixture.upstreams.opening.splice(0)) open();
        return;
      case 'wait':
        return await new Promise((resolve) => setImmediate(resolve));
      case 'pause':
        return this.fixture.clock.advance(250);
      case 'drain':
        return this.reply.drain();
      default:
        return this.#atServer(event, this.#sent().at(-1 - event.back));
    }
  }

  /** Everything that is open comes to its end. */
  async finish(): Promise<void> {
    // States are sealed on threads of the runtime.
    for (let turn = 0; turn < 10_000 && this.ends === 0 && !this.isCancelled; turn++) {
      await this.happen({ kind: 'open' });
      await this.happen({ kind: 'wait' });
      await this.happen({ kind: 'pause' });
      for (const answer of this.reply.pending.splice(0))
        answer(messageOf('{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}'));
      for (const sent of this.#sent()) {
        if (this.#streams.has(sent)) this.#atServer({ kind: 'end', back: 0 }, sent);
        else this.#atServer({ kind: 'answer', members: '"result":{"contents":[]}', back: 0 }, sent);
      }
    }
    // What servers still say, and answer, comes too late.
    for (const sent of this.#sent()) {
      sent.notify(PROGRESS);
      if (sent.call.allowPassthrough) sent.bytes('late');
      this.#atServer({ kind: 'answer', members: '"result":{"late":true}', back: 0 }, sent);
      this.#atServer({ kind: 'end', back: 0 }, sent);
      this.#atServer({ kind: 'fail', back: 0 }, sent);
    }
    this.#cancel();
    await this.happen({ kind: 'open' });
    this.fixture.clock.advance(PARK_MS);
    await this.happen({ kind: 'wait' });
  }

  #sent(): SentCall[] {
    return this.connections.flatMap(({ sent }) => sent);
  }

  #atServer(event: Event, sent: SentCall | undefined): void {
    if (sent === undefined) return;
    if (event.kind === 'say') sent.notify(event.text);
    if (event.kind === 'ask' && !this.#answered.has(sent))
      sent.listener.onServerRequest(requestOf('roots/list', '', '9'), () => {});
    if (event.kind === 'chunk') this.#streams.get(sent)?.onChunk(new Uint8Array(1));
    if (event.kind === 'stream' && sent.call.allowPassthrough && !this.#answered.has(sent)) {
      const sink = sent.listener.chunks;
      if (sink === undefined) return;
      this.#streams.set(sent, sink);
      sink.onResponseHead(HEAD);
    }
    const stream = this.#streams.get(sent);
    const endsStream = event.kind === 'end' && stream !== undefined;
    const answers = event.kind === 'answer' && stream === undefined;
    if (!endsStream && !answers && event.kind !== 'fail') return;
    // Connections answer once. After the end of the request even a second answer must not reach the client.
    if (this.#answered.has(sent) && this.ends === 0 && !this.isCancelled) return;
    this.#answered.add(sent);
    if (event.kind === 'answer') sent.answer(event.members);
    else if (event.kind === 'end') stream?.onResponseEnd();
    else sent.listener.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'crashed'), 'sent');
  }
}

describe('CallExecution', () => {
  it('ends once, whatever happens in whatever order, across eras and candidates', async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const run = new Run(given);
        for (const happening of given.events) {
          await run.happen(happening);
          expect(run.ends).toBeLessThanOrEqual(1);
        }
        const heardBefore = run.reply.notifications.length;
        const wasCancelled = run.isCancelled;
        await run.finish();
        expect(run.ends).toBe(wasCancelled ? 0 : 1);
        if (wasCancelled) expect(run.reply.notifications).toHaveLength(heardBefore);
        // No server is asked once the client has heard of another one.
        expect(run.heardBefore.filter((heard) => heard > 0)).toEqual([]);
        expect(run.fixture.clock.pendingTimers).toBe(0);
        const [answer] = run.reply.answers;
        kinds.add(wasCancelled ? 'cancelled' : (answer?.kind ?? 'streamed'));
      }),
      { numRuns: 600 },
    );
    // The scenarios reach every end.
    expect([...kinds].toSorted()).toEqual(['cancelled', 'error', 'message', 'streamed']);
  });
});
