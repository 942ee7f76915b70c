import { describe, expect, it } from '@jest/globals';
import {
  ALL_SERVERS,
  type CallContext,
  type ClientContext,
  endpointOf,
  type Outcome,
  type ReplySink,
  type RequestStage,
  type RoutedRequest,
  type RunningCall,
} from '@omni/model';
import { GatewayError, type KeptCallLimits } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { HeldRecords, settled } from '../stages/held-records.fixture.ts';
import { messageOf, RecordedReply, specWith } from '../stages/stage-scene.fixture.ts';
import { OwnTasks } from './own-tasks.ts';

const TASKS = '{"extensions":{"io.modelcontextprotocol/tasks":{}}}';
const LIMITS: KeptCallLimits = { maxCalls: 10, maxBytes: 1_000 };
const CHUNKS = { onResponseHead() {}, onChunk: () => true, onResponseEnd() {} };

/** The call that the server gets. */
interface MadeCall {
  readonly reply: ReplySink;
  readonly context: CallContext;
  cancelled: string | undefined;
}

interface Who {
  readonly user?: string;
  readonly server?: string;
  readonly capabilities?: string;
  readonly era?: 'legacy' | 'modern';
}

class StreamingReply extends RecordedReply {
  readonly chunks = CHUNKS;
}

class Scene {
  readonly clock = new VirtualClock();
  readonly records = new HeldRecords();
  readonly made: MadeCall[] = [];
  readonly lost: string[] = [];
  taskAfterMs = 1_000;
  #tasks = this.#start();

  /** Omni ends without a word, and starts again with what its store has. */
  crash(): void {
    this.#tasks = this.#start();
  }

  get stage(): RequestStage {
    return this.#tasks.request;
  }

  begin(
    {
      more = '',
      method = 'tools/call',
      ...facts
    }: { more?: string; method?: string } & Partial<RoutedRequest> = {},
    who: Who = {},
    reply = new RecordedReply(),
  ) {
    const message = messageOf(
      `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{"name":"x__add","arguments":{"n":1}${more}}}`,
    );
    const context: CallContext = { message, client: clientOf(who), paramHeaders: undefined };
    const running = this.#tasks.request(
      {
        context,
        arrivedMs: this.clock.monotonicMs(),
        upstreams: ['up'],
        name: 'add',
        wantsProgress: false,
        isPinned: false,
        isAtReplica: false,
        ...facts,
      },
      (inner) => this.#make(inner, context),
    )(reply);
    return { reply, running, context };
  }

  /** A call that has become a task. @returns Its id. */
  async task(who: Who = {}): Promise<string> {
    const { reply } = this.begin({}, who);
    await this.pass(1_000);
    return String(resultOf(reply)['taskId']);
  }

  /** What a client gets for a request about a task: a result, or a code. */
  async ask(method: string, id: string, who: Who = {}, more = ''): Promise<unknown> {
    const message = messageOf(
      `{"jsonrpc":"2.0","id":9,"method":"${method}","params":{"taskId":"${id}"${more}}}`,
    );
    const reply = new RecordedReply();
    const elsewhere = (context: CallContext, inner: ReplySink): RunningCall => {
      if (context.message.method === 'tools/call') return this.#make(inner, context);
      inner.settle({ kind: 'error', error: new GatewayError('OMNI_METHOD_UNKNOWN', 'not ours') });
      return { cancel() {} };
    };
    this.#tasks.admission(elsewhere)({ message, client: clientOf(who), paramHeaders: undefined }, reply);
    await settled();
    return reply.ending === 'message' ? resultOf(reply) : reply.ending;
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
    await settled();
  }

  async end(outcome: Outcome | string, at = this.made.length - 1): Promise<void> {
    const payload = `{"jsonrpc":"2.0","id":1,${outcome as string}}`;
    this.made[at]?.reply.settle(
      typeof outcome === 'string' ? { kind: 'message', payload, status: 200 } : outcome,
    );
    await settled();
  }

  #make(reply: ReplySink, context: CallContext): RunningCall {
    const made: MadeCall = { reply, context, cancelled: undefined };
    this.made.push(made);
    return { cancel: (reason) => (made.cancelled = reason ?? 'cancelled') };
  }

  #start(): OwnTasks {
    let seed = 0;
    return new OwnTasks({
      specOf: () => specWith({ taskAfterMs: this.taskAfterMs }),
      records: this.records,
      retentionMs: 60_000,
      limits: LIMITS,
      clock: this.clock,
      random: () => (seed += 0.01),
      onLost: (upstream, _context, { operation }) => void this.lost.push(`${upstream} ${operation}`),
    });
  }
}

function clientOf({ user = 'ada', server, capabilities = TASKS, era = 'modern' }: Who): ClientContext {
  return {
    principal: { id: user, kind: 'token' },
    era,
    endpoint: server === undefined ? ALL_SERVERS : endpointOf(server),
    session: undefined,
    capabilities,
    clientInfo: '{}',
  };
}

function resultOf({ outcomes: [outcome] }: RecordedReply): Record<string, unknown> {
  if (outcome?.kind !== 'message') throw new TypeError(`ended as ${outcome?.kind}`);
  // Responses of this test.
  return (JSON.parse(String(outcome.payload)) as { result: Record<string, unknown> }).result;
}

describe('a call that outlives the threshold', () => {
  it('becomes a task, which is written down before its client hears of it', async () => {
    const scene = new Scene();
    const { reply } = scene.begin();
    await scene.pass(999);
    expect([reply.outcomes, scene.records.log]).toEqual([[], []]);
    await scene.pass(1);
    expect(scene.records.log).toEqual(['begun']);
    expect(resultOf(reply)).toEqual({
      resultType: 'task',
      taskId: expect.stringMatching(/^omni-task-[0-9a-f-]{36}$/),
      status: 'working',
      createdAt: expect.stringMatching(/Z$/),
      lastUpdatedAt: expect.stringMatching(/Z$/),
      ttlMs: 60_000,
      pollIntervalMs: 1_000,
    });
    expect(scene.made[0]?.cancelled).toBeUndefined();
  });

  it('counts the time from the arrival of the request', async () => {
    const scene = new Scene();
    await scene.pass(5_000);
    const { reply } = scene.begin({ arrivedMs: scene.clock.monotonicMs() - 900 });
    await scene.pass(100);
    expect(resultOf(reply)).toMatchObject({ resultType: 'task' });
  });

  it.each([
    [
      'result',
      '"result":{"resultType":"complete","sum":1.0}',
      { status: 'completed', result: { resultType: 'complete', sum: 1 } },
    ],
    [
      'error of the server',
      '"error":{"code":-5,"message":"No"}',
      { status: 'failed', error: { code: -5, message: 'No' } },
    ],
  ])('gives its %s to whoever asks later, also when Omni was killed since', async (_what, text, end) => {
    const scene = new Scene();
    const id = await scene.task();
    expect(await scene.ask('tasks/get', id)).toMatchObject({ resultType: 'complete', status: 'working' });
    await scene.end(text);
    const shown = await scene.ask('tasks/get', id);
    expect(shown).toMatchObject({ resultType: 'complete', taskId: id, ...end });
    scene.crash();
    expect(await scene.ask('tasks/get', id)).toEqual(shown);
    expect(scene.lost).toEqual([]);
  });

  it('fails with what is told of a call that was cut', async () => {
    const scene = new Scene();
    const { reply, context } = scene.begin();
    context.tellFailure = (failure) => ({
      ...failure,
      error: new GatewayError('OMNI_OUTCOME_UNKNOWN', 'cut'),
    });
    await scene.pass(1_000);
    await scene.end({ kind: 'error', error: new GatewayError('OMNI_UPSTREAM_EXITED', 'gone') });
    expect(await scene.ask('tasks/get', String(resultOf(reply)['taskId']))).toMatchObject({
      status: 'failed',
      error: { data: { code: 'OMNI_OUTCOME_UNKNOWN' } },
    });
  });

  it('is lost when Omni was killed during it, and its client is told so each time', async () => {
    const scene = new Scene();
    const id = await scene.task();
    scene.crash();
    const told = await scene.ask('tasks/get', id);
    expect(told).toMatchObject({ status: 'failed', error: { data: { code: 'OMNI_OUTCOME_UNKNOWN' } } });
    expect(await scene.ask('tasks/get', id)).toEqual(told);
    expect(scene.lost[0]).toMatch(/^up [0-9a-z]{16}$/);
  });

  // guard: longcall/owner, longcall/endpoint
  it('is known to its user alone, where it was started, until its time is over', async () => {
    const scene = new Scene();
    const id = await scene.task({ server: 'up' });
    for (const restart of [false, true]) {
      if (restart) scene.crash();
      for (const who of [{ user: 'bob', server: 'up' }, { server: 'other' }, {}])
        for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
          expect(await scene.ask(method, id, who)).toBe('OMNI_NAME_UNKNOWN');
      expect(await scene.ask('tasks/get', id, { server: 'up' })).toMatchObject({ taskId: id });
    }
    expect(scene.made[0]?.cancelled).toBeUndefined();
    await scene.pass(60_000);
    expect(await scene.ask('tasks/get', id, { server: 'up' })).toBe('OMNI_NAME_UNKNOWN');
  });

  it('is cancelled by its client, and for good', async () => {
    const scene = new Scene();
    const id = await scene.task();
    expect(await scene.ask('tasks/cancel', id)).toEqual({ resultType: 'complete' });
    expect(scene.made[0]?.cancelled).toBeDefined();
    await scene.end('"result":{}');
    for (const restart of [false, true]) {
      if (restart) scene.crash();
      expect(await scene.ask('tasks/get', id)).toMatchObject({ status: 'cancelled' });
    }
  });

  it('is cancelled when its time is over', async () => {
    const scene = new Scene();
    await scene.task();
    await scene.pass(59_999);
    expect(scene.made[0]?.cancelled).toBeUndefined();
    await scene.pass(1);
    expect(scene.made[0]?.cancelled).toBeDefined();
  });

  // guard: longcall/outlives-request
  it('goes on when the request is over that has begun it, and tells it nothing more', async () => {
    const scene = new Scene();
    const { reply, running } = scene.begin();
    await scene.pass(1_000);
    running.cancel('gone');
    const { reply: inner } = scene.made[0] as MadeCall;
    expect(inner.notification(messageOf('{"jsonrpc":"2.0","method":"notifications/progress"}'))).toBe(true);
    let drained = 0;
    inner.onDrain(() => drained++);
    expect([scene.made[0]?.cancelled, drained, inner.chunks]).toEqual([undefined, 1, undefined]);
    await scene.end('"result":{}');
    expect(reply.outcomes).toHaveLength(1);
  });

  it('waits for its client when the server asks it something, and goes on with the answers', async () => {
    const scene = new Scene();
    const id = await scene.task();
    const asking =
      '{"resultType":"input_required","requestState":"s1","inputRequests":{"a":{"method":"elicitation/create"}}}';
    await scene.end(`"result":${asking}`);
    expect(await scene.ask('tasks/get', id)).toMatchObject({
      status: 'input_required',
      inputRequests: { a: { method: 'elicitation/create' } },
    });
    expect(await scene.ask('tasks/update', id)).toEqual({ resultType: 'complete' });
    expect(scene.made).toHaveLength(1);
    const answers = ',"inputResponses":{"a":{"action":"accept"}}';
    expect(await scene.ask('tasks/update', id, {}, answers)).toEqual({ resultType: 'complete' });
    expect(await scene.ask('tasks/update', id, {}, answers)).toEqual({ resultType: 'complete' });
    expect(scene.made.map(({ context }) => JSON.parse(context.message.text).params)).toEqual([
      { name: 'x__add', arguments: { n: 1 } },
      {
        name: 'x__add',
        arguments: { n: 1 },
        inputResponses: { a: { action: 'accept' } },
        requestState: 's1',
      },
    ]);
    expect(await scene.ask('tasks/get', id)).toMatchObject({ status: 'working' });
    await scene.end('"result":{"ok":true}');
    expect(await scene.ask('tasks/get', id)).toMatchObject({ status: 'completed', result: { ok: true } });
  });

  it('says that there was no room for its result', async () => {
    const scene = new Scene();
    scene.records.hasRoom = false;
    const id = await scene.task();
    await scene.end('"result":{}');
    expect(await scene.ask('tasks/get', id)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('storage.maxCallBytes') },
    });
  });
});

describe('a call stays a call', () => {
  const staysCall = async (scene: Scene, reply: RecordedReply): Promise<void> => {
    await scene.pass(5_000);
    expect(reply.outcomes).toEqual([]);
    await scene.end('"result":{"sum":1}');
    expect(resultOf(reply)).toEqual({ sum: 1 });
  };

  // guard: longcall/declared
  it.each([
    ['of a client that does not declare tasks', {}, { capabilities: '{}' }],
    ['of a client of the legacy era', {}, { era: 'legacy' }],
    ['that goes on with something', { isPinned: true }, {}],
    ['that is none of a tool', { method: 'prompts/get' }, {}],
  ] as const)('%s', async (_what, facts, who) => {
    const scene = new Scene();
    const next = (): RunningCall => ({ cancel() {} });
    const request = { upstreams: ['up'], arrivedMs: 0, ...facts };
    const message = messageOf(
      `{"jsonrpc":"2.0","id":1,"method":"${'method' in facts ? facts.method : 'tools/call'}"}`,
    );
    const context = { message, client: clientOf(who), paramHeaders: undefined };
    expect(scene.stage({ ...request, context } as unknown as RoutedRequest, next)).toBe(next);
    await staysCall(scene, scene.begin(facts, who).reply);
  });

  it('where it is off', () => {
    const scene = new Scene();
    scene.taskAfterMs = 0;
    const next = (): RunningCall => ({ cancel() {} });
    const context = {
      message: messageOf('{"jsonrpc":"2.0","id":1,"method":"tools/call"}'),
      client: clientOf({}),
    };
    expect(scene.stage({ context, upstreams: ['up'] } as unknown as RoutedRequest, next)).toBe(next);
  });

  it.each([
    ['is full', (records: HeldRecords) => (records.isFullUntil = 5)],
    [
      'cannot be written',
      (records: HeldRecords) => (records.failure = new GatewayError('OMNI_STORE_UNAVAILABLE', '')),
    ],
  ])('while the store %s', async (_what, spoil) => {
    const scene = new Scene();
    spoil(scene.records);
    await staysCall(scene, scene.begin().reply);
  });

  // guard: longcall/places
  it('while there are too many tasks, of one user and of all', async () => {
    const scene = new Scene();
    const replies = Array.from({ length: 1_001 }, () => scene.begin().reply);
    await scene.pass(1_000);
    expect(replies.filter(({ outcomes }) => outcomes.length === 0)).toHaveLength(1);
    const other = scene.begin({}, { user: 'bob' });
    await scene.pass(1_000);
    expect(resultOf(other.reply)).toMatchObject({ resultType: 'task' });
    for (const at of [0, 1]) await scene.end('"result":{}', at);
    await scene.task();
  });

  // guard: longcall/streamed
  it('once its client has the first byte of the answer', async () => {
    const scene = new Scene();
    const { reply } = scene.begin({}, {}, new StreamingReply());
    expect(scene.made[0]?.reply.chunks).toBe(CHUNKS);
    await scene.pass(5_000);
    expect([reply.outcomes, scene.records.log]).toEqual([[], []]);
  });

  // guard: longcall/answered-meanwhile
  it('when it ends while it is written down', async () => {
    const scene = new Scene();
    const { reply } = scene.begin();
    scene.clock.advance(1_000);
    await scene.end('"result":{"sum":1}');
    expect(resultOf(reply)).toEqual({ sum: 1 });
    expect(scene.records.rows.size).toBe(0);
    expect(scene.records.log).toEqual(['begun', 'forgotten']);
  });

  it('when it is cancelled before', async () => {
    const scene = new Scene();
    const { running, reply } = scene.begin();
    running.cancel('enough');
    await scene.pass(5_000);
    expect([scene.made[0]?.cancelled, reply.outcomes, scene.records.log]).toEqual(['enough', [], []]);
  });
});

describe('requests about tasks', () => {
  it.each([
    ['a task of a server', 'omni1.x', {}],
    ['a client that does not declare tasks', 'omni-task-1', { capabilities: '{}' }],
    ['a client of the legacy era', 'omni-task-1', { era: 'legacy' as const }],
  ])('go elsewhere for %s', async (_what, id, who) => {
    expect(await new Scene().ask('tasks/get', id, who)).toBe('OMNI_METHOD_UNKNOWN');
  });

  it('of none are refused', async () => {
    expect(await new Scene().ask('tasks/get', 'omni-task-1')).toBe('OMNI_NAME_UNKNOWN');
  });

  it('fail while the store cannot be read', async () => {
    const scene = new Scene();
    scene.records.failure = new GatewayError('OMNI_STORE_UNAVAILABLE', '');
    expect(await scene.ask('tasks/get', 'omni-task-1')).toBe('OMNI_STORE_UNAVAILABLE');
  });
});
