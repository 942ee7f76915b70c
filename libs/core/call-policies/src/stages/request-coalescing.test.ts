import { describe, expect, it } from '@jest/globals';
import type { CallContext, Outcome, ReplySink, RoutedRequest, RunningCall, RunRequest } from '@omni/model';
import { GatewayError, type RoutingSettings } from '@omni/ports';
import { requestCoalescing } from './request-coalescing.ts';
import { messageOf, RecordedReply, requestOf, specWith } from './stage-scene.fixture.ts';

const READ_ONLY = { isReadOnly: true, isIdempotent: true, isDestructive: false };
const HEAD = '{"jsonrpc":"2.0","id":1,';

interface Asked {
  readonly id?: string;
  readonly params?: string;
  readonly method?: string;
  readonly client?: Partial<CallContext['client']>;
  readonly context?: Partial<CallContext>;
  readonly request?: Partial<RoutedRequest>;
}

/** A reply that shows what it is told. */
class ShownReply extends RecordedReply {
  readonly heard: string[] = [];
  isFast = true;
  drain: (() => void) | undefined;

  get payload(): string | undefined {
    const [outcome] = this.outcomes;
    return outcome?.kind === 'message' && typeof outcome.payload === 'string' ? outcome.payload : undefined;
  }

  override notification(notification?: Parameters<ReplySink['notification']>[0]): boolean {
    this.heard.push(notification?.method ?? '');
    return this.isFast;
  }

  override serverRequest(upstream?: string): void {
    this.heard.push(`asked by ${upstream}`);
  }

  override onDrain(listener: () => void): void {
    this.drain = listener;
  }
}

class Scene {
  /** What was run, with the reply that it was given and why it was cancelled. */
  readonly runs: { readonly reply: ReplySink; cancelled: string | undefined }[] = [];
  readonly shared: string[] = [];
  readonly #stage;

  constructor(routing: Partial<RoutingSettings> = { coalesce: { followers: 10 } }) {
    const spec = specWith(routing);
    this.#stage = requestCoalescing({
      specOf: () => spec,
      onShared: (_request, upstream) => void this.shared.push(upstream),
    });
  }

  ask(asked: Asked = {}): { readonly reply: ShownReply; readonly running: RunningCall } {
    const reply = new ShownReply();
    return { reply, running: this.stageOf(asked)(reply) };
  }

  stageOf({ id = '1', params = '{"uri":"a:b"}', method = 'resources/read', ...more }: Asked): RunRequest {
    const request = requestOf(method);
    const message = messageOf(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`);
    const client = { ...request.context.client, ...more.client };
    const context = { ...request.context, message, client, ...more.context };
    return this.#stage({ ...request, context, ...more.request }, this.run);
  }

  readonly run: RunRequest = (reply) => {
    const run = { reply, cancelled: undefined as string | undefined };
    this.runs.push(run);
    return { cancel: (reason = 'cancelled') => (run.cancelled = reason) };
  };

  answer(payload = `${HEAD}"result":{}}`, run = 0): void {
    this.settle({ kind: 'message', payload, status: 200 }, run);
  }

  settle(outcome: Outcome, run = 0): void {
    this.runs[run]?.reply.settle(outcome);
  }
}

describe('requests that ask for the same at the same time', () => {
  // guard: coalesce/own-answers
  it('are run once, and each is answered under its own id', () => {
    const scene = new Scene();
    const [first, second, third] = ['1', '"b"', '3'].map((id) => scene.ask({ id }));
    expect(scene.runs).toHaveLength(1);
    expect(scene.shared).toEqual(['up', 'up']);
    scene.answer();
    expect(first?.reply.payload).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(second?.reply.payload).toBe('{"jsonrpc":"2.0","id":"b","result":{}}');
    expect(third?.reply.payload).toBe('{"jsonrpc":"2.0","id":3,"result":{}}');
    scene.ask();
    expect(scene.runs).toHaveLength(2);
  });

  it('get copies of an answer in bytes', () => {
    const scene = new Scene();
    scene.ask({ id: '1' });
    const { reply } = scene.ask({ id: '2' });
    const payload = new TextEncoder().encode(`${HEAD}"result":{}}`);
    scene.settle({ kind: 'message', payload, status: 200 });
    expect(reply.payload).toBe('{"jsonrpc":"2.0","id":2,"result":{}}');
  });

  it('fail together', () => {
    const scene = new Scene();
    const asked = [scene.ask(), scene.ask({ id: '2' })];
    scene.settle({ kind: 'error', error: new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'), phase: 'sent' });
    for (const { reply } of asked) expect(reply.ending).toBe('OMNI_UPSTREAM_EXITED');
  });

  // guard: coalesce/spares-followers
  it('go on when the first of them is cancelled, until nobody waits', () => {
    const scene = new Scene();
    const [first, second] = [scene.ask(), scene.ask({ id: '2' })];
    first.running.cancel('gone');
    expect(scene.runs[0]?.cancelled).toBeUndefined();
    scene.answer();
    expect(first.reply.outcomes).toEqual([]);
    expect(second.reply.payload).toContain('"id":2');

    const others = [scene.ask(), scene.ask()];
    for (const { running } of others) running.cancel('all gone');
    expect(scene.runs[1]?.cancelled).toBe('all gone');
    scene.ask();
    expect(scene.runs).toHaveLength(3);
  });

  // guard: coalesce/principal, coalesce/session, coalesce/bytes
  it.each<[string, Asked]>([
    ['another user', { client: { principal: { id: 'bob', kind: 'token' } } }],
    ['another session', { client: { session: { key: 's2' } as CallContext['client']['session'] } }],
    ['other capabilities', { client: { capabilities: '{"roots":{}}' } }],
    ['another endpoint', { client: { endpoint: { kind: 'server', server: 'up' } } }],
    ['other bytes', { params: '{"uri": "a:b"}' }],
    ['another name', { request: { name: 'other' } }],
    ['other servers', { request: { upstreams: ['down'] } }],
    ['other headers', { context: { forwardable: ['x-tenant', 'b'] } }],
    ['another method', { method: 'prompts/get' }],
  ])('are run by themselves for %s', (_what, asked) => {
    const scene = new Scene();
    scene.ask();
    scene.ask(asked);
    expect(scene.runs).toHaveLength(2);
  });

  // guard: coalesce/safe, coalesce/long
  it.each<[string, Asked]>([
    ['may change something', { method: 'tools/call' }],
    [
      'say themselves that they do not, of a server that is not trusted',
      { method: 'tools/call', request: { hints: READ_ONLY } },
    ],
    ['want progress', { request: { wantsProgress: true } }],
    ['go on with something', { request: { isPinned: true } }],
    ['begin a task', { params: '{"uri":"a:b","task":{}}' }],
    ['are no calls', { method: 'tasks/get' }],
    ['are long', { params: `{"uri":"a:${'b'.repeat(70_000)}"}` }],
  ])('are run by themselves where they %s', (_what, asked) => {
    const scene = new Scene();
    expect(scene.stageOf(asked)).toBe(scene.run);
  });

  it('are run once where a trusted server says that its tool reads only', () => {
    const scene = new Scene({ coalesce: { followers: 1 }, trustsHints: true });
    const asked: Asked = { method: 'tools/call', request: { hints: READ_ONLY } };
    scene.ask(asked);
    scene.ask(asked);
    expect(scene.runs).toHaveLength(1);
  });

  // guard: coalesce/bounded
  it('wait for one of them up to a number; the next one begins another run', () => {
    const scene = new Scene({ coalesce: { followers: 2 } });
    for (let n = 0; n < 4; n++) scene.ask();
    expect(scene.runs).toHaveLength(2);
    scene.answer();
    scene.ask();
    expect(scene.runs).toHaveLength(2);
  });

  it('are run by themselves where nothing is set, which costs nothing', () => {
    const scene = new Scene({});
    expect(scene.stageOf({})).toBe(scene.run);
  });
});

describe('what a server says before it answers requests that are run once', () => {
  it('is told to the first that still waits, which also may be slow', () => {
    const scene = new Scene();
    const [first, second] = [scene.ask(), scene.ask()];
    const note = { method: 'notifications/message', text: '', params: undefined };
    first.reply.isFast = false;
    const run = scene.runs[0]?.reply;
    expect(run?.notification(note)).toBe(false);
    let drained = 0;
    run?.onDrain(() => drained++);
    first.running.cancel();
    expect(drained).toBe(1);
    first.reply.drain?.();
    expect(drained).toBe(1);
    expect(run?.notification(note)).toBe(true);
    expect([first.reply.heard, second.reply.heard]).toEqual([[note.method], [note.method]]);
  });

  // guard: coalesce/asked-alone
  it('is asked of one of them; the others are run by themselves', () => {
    const scene = new Scene();
    const [first, second] = [scene.ask(), scene.ask({ id: '2' })];
    scene.runs[0]?.reply.serverRequest('up', messageOf(`${HEAD}"method":"elicitation/create"}`), () => {});
    expect(first.reply.heard).toEqual(['asked by up']);
    expect(second.reply.heard).toEqual([]);
    expect(scene.runs).toHaveLength(2);
    scene.ask();
    expect(scene.runs).toHaveLength(3);
    second.running.cancel('no more');
    expect(scene.runs[1]?.cancelled).toBe('no more');
    scene.answer();
    expect(first.reply.payload).toBeDefined();
  });

  // guard: coalesce/own-state
  it.each([
    ['asks for something', '{"resultType":"input_required","requestState":"s"}'],
    ['tells of a task', '{"task":{"taskId":"t"}}'],
  ])('is for one of them alone where it %s', (_what, result) => {
    const scene = new Scene();
    const [first, second] = [scene.ask(), scene.ask({ id: '2' })];
    scene.answer(`${HEAD}"result":${result}}`);
    expect(first.reply.payload).toContain(result);
    expect(second.reply.outcomes).toEqual([]);
    expect(scene.runs).toHaveLength(2);
  });
});
