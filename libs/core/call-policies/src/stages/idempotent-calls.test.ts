import { describe, expect, it } from '@jest/globals';
import {
  type CallPhase,
  CLIENT_CLOSED,
  type ClientContext,
  NO_HINTS,
  OMNI_STOPPED,
  type Outcome,
  type ReplySink,
  type RoutedRequest,
  type RunningCall,
} from '@omni/model';
import { GatewayError, type GatewayErrorCode } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import fc from 'fast-check';
import { HeldRecords, settled } from './held-records.fixture.ts';
import { idempotentCalls } from './idempotent-calls.ts';
import { ADA, messageOf, RecordedReply, specWith } from './stage-scene.fixture.ts';

/** The call that the server gets. */
interface MadeCall {
  readonly reply: ReplySink;
  readonly request: RoutedRequest;
  cancelled: string | undefined;
}

class Scene {
  readonly clock = new VirtualClock();
  readonly made: MadeCall[] = [];
  readonly cuts: string[] = [];
  readonly trustsHints: boolean;
  records: HeldRecords;
  #stage: ReturnType<typeof idempotentCalls>;

  constructor(records = new HeldRecords(), trustsHints = false) {
    this.trustsHints = trustsHints;
    this.records = records;
    this.#stage = this.#start();
  }

  /** Omni ends without a word, and starts again with what its store has. */
  crash(): void {
    this.#stage = this.#start();
  }

  #start(): ReturnType<typeof idempotentCalls> {
    let seed = 0;
    return idempotentCalls({
      specOf: () => specWith({ trustsHints: this.trustsHints }),
      records: this.records,
      retentionMs: 1_000,
      limits: { maxCalls: 10, maxBytes: 100 },
      clock: this.clock,
      random: () => (seed += 0.01),
      onCut: (_request, _upstream, { cause }) => void this.cuts.push(cause ?? 'crash'),
    });
  }

  call(args = '{"n":1}', options: Partial<CallOptions> = {}): Made {
    const { key = '"k1"', id = 1, name = 'add', upstream = 'up', user = ADA.id, more = '' } = options;
    const meta = key === undefined ? '' : `"_meta":{"progressToken":${id},"io.omni/idempotency-key":${key}},`;
    const message = messageOf(
      `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{${meta}"name":"x__${name}"${more},"arguments":${args}}}`,
    );
    // The stage reads nothing else of a client.
    const client = { principal: { id: user }, era: options.era ?? 'modern' } as unknown as ClientContext;
    const request: RoutedRequest = {
      context: { message, client, paramHeaders: undefined },
      arrivedMs: 0,
      upstreams: [upstream],
      name,
      hints: { ...NO_HINTS, isIdempotent: true },
      wantsProgress: false,
      isPinned: false,
      isAtReplica: false,
    };
    const reply = new RecordedReply();
    const running = this.#stage(request, (inner) => {
      const made: MadeCall = { reply: inner, request, cancelled: undefined };
      this.made.push(made);
      request.context.wasSent = true;
      return { cancel: (reason) => (made.cancelled = reason ?? 'cancelled') };
    })(reply);
    return { reply, running, request };
  }

  answer(text = '{"sum":1.0}', at = this.made.length - 1): void {
    const made = this.made[at];
    const id = made?.request.context.message.id;
    this.settle(
      { kind: 'message', payload: `{"jsonrpc":"2.0","id":${id},"result":${text}}`, status: 200 },
      at,
    );
  }

  fail(code: GatewayErrorCode, phase: CallPhase, data: Record<string, unknown> = {}): void {
    this.settle({ kind: 'error', error: new GatewayError(code, 'It broke', { data }), phase });
  }

  settle(outcome: Outcome, at = this.made.length - 1): void {
    this.made[at]?.reply.settle(outcome);
  }
}

interface CallOptions {
  readonly key: string | undefined;
  readonly id: number;
  readonly name: string;
  readonly upstream: string;
  readonly user: string;
  readonly era: 'legacy' | 'modern';
  readonly more: string;
}

interface Made {
  readonly reply: RecordedReply;
  readonly running: RunningCall;
  readonly request: RoutedRequest;
}

function textOf({ reply: { outcomes } }: Made): string | undefined {
  const [outcome] = outcomes;
  return outcome?.kind === 'message' ? String(outcome.payload) : undefined;
}

describe('a call with an idempotency key', () => {
  it('is remembered before it is made, and answered once it was', async () => {
    const scene = new Scene();
    const first = scene.call();
    expect(scene.made).toHaveLength(0);
    await settled();
    expect(scene.records.log).toEqual(['begun']);
    expect(scene.made).toHaveLength(1);
    scene.answer();
    expect(textOf(first)).toBe('{"jsonrpc":"2.0","id":1,"result":{"sum":1.0}}');
    await settled();
    expect(scene.records.log).toEqual(['begun', 'ended']);
  });

  it('is answered with the same bytes when it comes again, under the id that it has then', async () => {
    const scene = new Scene();
    scene.call();
    await settled();
    scene.answer('{"sum":1.0,  "é":"\\u0000"}');
    await settled();
    for (const restart of [false, true]) {
      if (restart) scene.crash();
      const again = scene.call('{"n":1}', { id: 7 });
      await settled();
      expect(textOf(again)).toBe('{"jsonrpc":"2.0","id":7,"result":{"sum":1.0,  "é":"\\u0000"}}');
    }
    expect(scene.made).toHaveLength(1);
  });

  // guard: keys/arguments
  it.each([
    ['arguments', '{"n":2}', {}],
    ['parameters', '{"n":1}', { more: ',"task":{}' }],
    ['an era', '{"n":1}', { era: 'legacy' }],
  ] as const)('is refused with other %s, while it runs and later', async (_what, args, options) => {
    const scene = new Scene();
    scene.call();
    await settled();
    const meanwhile = scene.call(args, { ...options, id: 2 });
    await settled();
    expect(meanwhile.reply.ending).toBe('OMNI_IDEMPOTENCY_KEY_REUSED');
    scene.answer();
    await settled();
    const later = scene.call(args, { ...options, id: 3 });
    await settled();
    expect(later.reply.ending).toBe('OMNI_IDEMPOTENCY_KEY_REUSED');
    expect(scene.made).toHaveLength(1);
  });

  it.each([
    ['key', { key: '"k2"' }],
    ['user', { user: 'bob' }],
    ['server', { upstream: 'other' }],
    ['tool', { name: 'sub' }],
    ['round', { more: ',"requestState":"s"' }],
  ])('is another one with another %s', async (_what, options) => {
    const scene = new Scene();
    scene.call();
    scene.call('{"n":1}', options);
    await settled();
    expect(scene.made).toHaveLength(2);
  });

  it('waits for the one that is under way', async () => {
    const scene = new Scene();
    const first = scene.call();
    const early = scene.call('{"n":1}', { id: 2 });
    await settled();
    const late = scene.call('{"n":1}', { id: 3 });
    await settled();
    expect(scene.made).toHaveLength(1);
    scene.records.holdsEnds = true;
    scene.answer();
    const behind = scene.call('{"n":1}', { id: 4 });
    await settled();
    const ids = [first, early, late, behind].map((made) => textOf(made)?.match(/"id":(\d)/)?.[1]);
    expect(ids).toEqual(['1', '2', '3', '4']);
    expect(scene.made).toHaveLength(1);
  });

  // guard: keys/came-meanwhile
  it('is made for the next one where nobody waits any more when it could begin', async () => {
    const scene = new Scene();
    let isForgotten = (): void => {};
    scene.records.forget = async () => await new Promise<void>((resolve) => (isForgotten = resolve));
    const first = scene.call();
    const begin = scene.records.begin.bind(scene.records);
    let mayBegin = (): void => {};
    scene.records.begin = async (call) => {
      await new Promise<void>((resolve) => (mayBegin = resolve));
      return await begin(call);
    };
    await settled();
    first.running.cancel(CLIENT_CLOSED);
    mayBegin();
    await settled();
    const again = scene.call('{"n":1}', { id: 2 });
    await settled();
    isForgotten();
    scene.records.rows.clear();
    await settled();
    mayBegin();
    await settled();
    scene.answer();
    expect(textOf(again)).toContain('"id":2');
    expect(scene.made).toHaveLength(1);
  });

  it('has an unknown outcome after a crash, and is never made again', async () => {
    const scene = new Scene();
    scene.call();
    await settled();
    const { operation } = [...scene.records.rows.values()][0]?.call ?? {};
    scene.crash();
    for (let time = 0; time < 2; time++) {
      const again = scene.call('{"n":1}', { id: 2 });
      await settled();
      expect(again.reply.ending).toBe('OMNI_OUTCOME_UNKNOWN');
      expect(again.reply.outcomes[0]).toMatchObject({ error: { data: { operation } } });
    }
    expect(scene.made).toHaveLength(1);
    expect(scene.cuts).toEqual(['crash', 'crash']);
  });

  it('keeps that it was cut, with the same operation', async () => {
    const scene = new Scene();
    const first = scene.call();
    await settled();
    scene.fail('OMNI_UPSTREAM_EXITED', 'sent', { exitCode: 1 });
    await settled();
    const again = scene.call();
    await settled();
    const data = { exitCode: 1, cause: 'OMNI_UPSTREAM_EXITED', operation: expect.stringMatching(/^\w{16}$/) };
    for (const made of [first, again])
      expect(made.reply.outcomes[0]).toMatchObject({ error: { code: 'OMNI_OUTCOME_UNKNOWN', data } });
    expect(again.reply.outcomes[0]).toMatchObject({
      error: { data: (first.reply.outcomes[0] as { error: GatewayError }).error.data },
    });
    expect(scene.made).toHaveLength(1);
    expect(scene.cuts).toEqual(['OMNI_UPSTREAM_EXITED']);
  });

  it('keeps an answer that could not be used, too', async () => {
    const scene = new Scene();
    scene.call();
    await settled();
    scene.fail('OMNI_UPSTREAM_TOO_LARGE', 'head-received');
    await settled();
    const again = scene.call();
    await settled();
    expect(again.reply.ending).toBe('OMNI_UPSTREAM_TOO_LARGE');
    expect(scene.made).toHaveLength(1);
  });

  // guard: keys/not-run
  it.each([
    ['OMNI_UPSTREAM_DOWN', 'not-sent', {}],
    ['OMNI_RATE_LIMITED', 'not-sent', {}],
    ['OMNI_UPSTREAM_HTTP_STATUS', 'sent', { status: 429 }],
    ['OMNI_UPSTREAM_HTTP_STATUS', 'sent', { status: 401 }],
  ] as const)('is forgotten when it has not run: %s', async (code, phase, data) => {
    const scene = new Scene();
    const first = scene.call();
    await settled();
    scene.fail(code, phase, data);
    await settled();
    expect(first.reply.ending).toBe(code);
    scene.call();
    await settled();
    expect(scene.made).toHaveLength(2);
  });

  it('is forgotten when it is cut and safe, and fails as it does without a key', async () => {
    const scene = new Scene(new HeldRecords(), true);
    const first = scene.call();
    await settled();
    scene.fail('OMNI_UPSTREAM_EXITED', 'sent');
    await settled();
    expect(first.reply.ending).toBe('OMNI_UPSTREAM_EXITED');
    expect(scene.records.rows.size).toBe(0);
  });

  // guard: keys/goes-on
  it('goes on when the connection of its client is lost, for whoever comes next', async () => {
    const scene = new Scene();
    const first = scene.call();
    await settled();
    first.running.cancel(CLIENT_CLOSED);
    expect(scene.made[0]?.cancelled).toBeUndefined();
    expect(scene.made[0]?.reply.notification({ method: 'm', text: '{}', params: undefined })).toBe(true);
    const again = scene.call('{"n":1}', { id: 2 });
    await settled();
    scene.answer();
    expect(textOf(again)).toContain('"id":2');
    expect(first.reply.outcomes).toEqual([]);
    await settled();
    expect(scene.records.log).toEqual(['begun', 'ended']);
  });

  // guard: keys/cancelled
  it('is cancelled with the last who waits for it, and unknown from then on', async () => {
    const scene = new Scene();
    const first = scene.call();
    const second = scene.call('{"n":1}', { id: 2 });
    await settled();
    first.running.cancel('enough');
    expect(scene.made[0]?.cancelled).toBeUndefined();
    second.running.cancel('enough, too');
    expect(scene.made[0]?.cancelled).toBe('enough, too');
    await settled();
    const again = scene.call();
    await settled();
    expect(again.reply.outcomes[0]).toMatchObject({
      error: { code: 'OMNI_OUTCOME_UNKNOWN', data: { cause: 'OMNI_CANCELLED' } },
    });
    expect(scene.made).toHaveLength(1);
  });

  it('is told to have been cut by the end of Omni where that has cancelled it', async () => {
    const scene = new Scene();
    const { running } = scene.call();
    await settled();
    running.cancel(OMNI_STOPPED);
    await settled();
    scene.crash();
    const again = scene.call();
    await settled();
    expect(again.reply.outcomes[0]).toMatchObject({
      error: { code: 'OMNI_OUTCOME_UNKNOWN', data: { cause: 'OMNI_SHUTTING_DOWN' } },
    });
  });

  // guard: keys/own-bytes
  it('keeps the bytes of its answer when whoever writes them gives their memory back', async () => {
    const scene = new Scene();
    const first = scene.call();
    await settled();
    first.reply.settle = (outcome) => {
      if (outcome.kind === 'message' && typeof outcome.payload !== 'string') outcome.payload.fill(0);
    };
    const payload = new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
    scene.made[0]?.reply.settle({ kind: 'message', payload, status: 200 });
    await settled();
    const again = scene.call('{"n":1}', { id: 2 });
    await settled();
    expect(again.reply.outcomes).toMatchObject([
      { kind: 'message', payload: '{"jsonrpc":"2.0","id":2,"result":{"content":[]}}' },
    ]);
  });

  // guard: keys/nobody-waits
  it('is not made when nobody waits for it any more', async () => {
    const scene = new Scene();
    const early = scene.call();
    early.running.cancel();
    await settled();
    expect(scene.records.log).toEqual([]);
    const records = scene.records;
    const begin = records.begin.bind(records);
    let letThrough = (): void => {};
    records.begin = async (call) => {
      await new Promise<void>((resolve) => (letThrough = resolve));
      return begin(call);
    };
    const late = scene.call();
    await settled();
    late.running.cancel(CLIENT_CLOSED);
    letThrough();
    await settled();
    expect(records.log).toEqual(['begun', 'forgotten']);
    expect(scene.made).toHaveLength(0);
  });

  it('is not made while it cannot be remembered', async () => {
    const scene = new Scene();
    scene.records.failure = new GatewayError('OMNI_STORE_UNAVAILABLE', 'The store is not open');
    const first = scene.call();
    await settled();
    expect(first.reply.ending).toBe('OMNI_STORE_UNAVAILABLE');
    scene.records.failure = undefined;
    scene.call();
    await settled();
    expect(scene.made).toHaveLength(1);
  });

  it('is not made when its user has too many, and is told when there is room', async () => {
    const scene = new Scene();
    scene.records.isFullUntil = scene.clock.now() + 4_001;
    const { reply } = scene.call();
    await settled();
    expect(reply.outcomes[0]).toMatchObject({ error: { code: 'OMNI_OVERLOADED', retryAfterS: 5 } });
    expect(scene.made).toHaveLength(0);
  });

  it('is unknown later when its answer has no room, and tells it now', async () => {
    const scene = new Scene();
    scene.records.hasRoom = false;
    const first = scene.call();
    await settled();
    scene.answer();
    expect(textOf(first)).toContain('"sum"');
    await settled();
    const again = scene.call();
    await settled();
    expect(again.reply.outcomes[0]).toMatchObject({
      error: { code: 'OMNI_OUTCOME_UNKNOWN', message: expect.stringContaining('storage.maxCallBytes') },
    });
    expect(scene.made).toHaveLength(1);
  });

  it('is remembered for as long as the settings say', async () => {
    const scene = new Scene();
    scene.call();
    await settled();
    const [row] = scene.records.rows.values();
    expect((row?.call.keptUntil ?? 0) - (row?.call.begunAt ?? 0)).toBe(1_000);
  });

  it.each(['1', '""', 'null', `"${'k'.repeat(256)}"`])('is refused when its key is %s', async (key) => {
    const scene = new Scene();
    const { reply } = scene.call('{}', { key });
    expect(reply.ending).toBe('OMNI_PARAMS_INVALID');
    await settled();
    expect(scene.made).toHaveLength(0);
  });

  it('is never made twice, whatever happens, and has one outcome ever after', async () => {
    const step = fc.constantFrom('call', 'other', 'answer', 'cut', 'lose', 'cancel', 'crash');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const scene = new Scene();
        const outcomes = new Set<string>();
        let calls: Made[] = [];
        let id = 0;
        for (const next of steps) {
          if (next === 'call') calls.push(scene.call('{"n":1}', { id: ++id }));
          if (next === 'other') calls.push(scene.call('{"n":2}', { id: ++id }));
          if (next === 'answer') scene.answer();
          if (next === 'cut') scene.fail('OMNI_UPSTREAM_EXITED', 'sent');
          if (next === 'lose') calls.shift()?.running.cancel(CLIENT_CLOSED);
          if (next === 'cancel') calls.shift()?.running.cancel();
          if (next === 'crash') {
            scene.crash();
            calls = [];
            // Nothing of before can say anything any more.
            for (const made of scene.made) made.reply.settle = () => {};
          }
          await settled();
          for (const { reply } of calls) {
            expect(reply.outcomes.length).toBeLessThanOrEqual(1);
            const [outcome] = reply.outcomes;
            if (outcome?.kind === 'message') outcomes.add(String(outcome.payload).replace(/"id":\d+/, ''));
            else if (outcome?.kind === 'error' && outcome.error.code === 'OMNI_OUTCOME_UNKNOWN')
              outcomes.add('unknown');
          }
        }
        expect(scene.made.length).toBeLessThanOrEqual(1);
        expect(outcomes.size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a call without an idempotency key', () => {
  it('passes as it is', async () => {
    const stage = idempotentCalls({
      specOf: () => undefined,
      records: new HeldRecords(),
      retentionMs: 1,
      limits: { maxCalls: 1, maxBytes: 1 },
      clock: new VirtualClock(),
      random: () => 0,
    });
    const run = (): never => {
      throw new Error('not run here');
    };
    for (const method of ['tools/call', 'resources/read']) {
      const meta = method === 'tools/call' ? '{}' : '{"io.omni/idempotency-key":"k"}';
      const message = messageOf(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":{"_meta":${meta}}}`);
      const context = { message, client: {} as ClientContext, paramHeaders: undefined };
      const request = {
        context,
        arrivedMs: 0,
        upstreams: ['up'],
        name: 'x',
        wantsProgress: false,
        isPinned: false,
        isAtReplica: false,
      };
      expect(stage(request, run)).toBe(run);
    }
  });
});
