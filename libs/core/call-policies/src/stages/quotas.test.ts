import { describe, expect, it } from '@jest/globals';
import { NOTHING_RUNS, type ReplySink, type RunningCall } from '@omni/model';
import { GatewayError, type QuotaSettings } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { callQuotas } from './call-quotas.ts';
import { requestQuotas } from './request-quotas.ts';
import { callOf, RecordedReply, requestOf, SentCall, specWith } from './stage-scene.fixture.ts';

/** What runs behind a stage. */
class Runs {
  readonly replies: ReplySink[] = [];

  readonly run = (reply: ReplySink): RunningCall => {
    this.replies.push(reply);
    return NOTHING_RUNS;
  };
}

function upstream(quota: QuotaSettings) {
  const clock = new VirtualClock();
  const refused: string[] = [];
  const stage = callQuotas({ clock, onUsedUp: (name, { kind }) => refused.push(`${name} ${kind}`) });
  const spec = specWith({ quota });
  const call = (more: Parameters<typeof callOf>[1] = {}): SentCall =>
    new SentCall([stage], spec, callOf('add', more));
  return { clock, refused, call };
}

describe('the quota of a server', () => {
  it('is refused with 429 and how long to wait where it is used up [S003-RT-09]', async () => {
    const { clock, refused, call } = upstream({ windowMs: 60_000, calls: 2 });
    const calls = [call(), call(), call()];
    await clock.advanceAsync(0);
    expect(calls[2]?.recorded.failure).toMatchObject({
      code: 'OMNI_QUOTA_USED_UP',
      message: 'Calls to this server have used up the calls of routing.quota',
      data: { limit: 'upstream', quota: 'calls', retryAfterS: 60 },
      retryAfterS: 60,
    });
    expect(calls[2]?.recorded.failure?.facts.httpStatus).toBe(429);
    expect(refused).toEqual(['up calls']);
    await clock.advanceAsync(60_000);
    expect(call().handler).toBeDefined();
  });

  it('is of bytes asked and answered, and of the time that calls run [S003-RT-09]', async () => {
    const bytes = upstream({ windowMs: 60_000, bytes: 30 });
    bytes.call().answer();
    const overBytes = bytes.call();
    const busy = upstream({ windowMs: 60_000, busyMs: 500 });
    const slow = busy.call();
    busy.clock.advance(500);
    slow.cancel();
    const overBusy = busy.call();
    await Promise.resolve();
    expect([overBytes, overBusy].map(({ failure }) => failure)).toEqual([
      'OMNI_QUOTA_USED_UP',
      'OMNI_QUOTA_USED_UP',
    ]);
    expect([...bytes.refused, ...busy.refused]).toEqual(['up bytes', 'up busy']);
  });

  // guard: quota/not-made
  it('is not used by calls that were never sent, nor by those of Omni', () => {
    const { call } = upstream({ windowMs: 60_000, calls: 1 });
    for (let n = 0; n < 3; n++)
      call().handler?.onFailure(new GatewayError('OMNI_QUEUE_FULL', 'x'), 'not-sent');
    expect(call({ isInternal: true }).handler).toBeDefined();
    expect(call().handler).toBeDefined();
    expect(call().handler).toBeUndefined();
    expect(call({ method: 'tasks/get' }).handler).toBeDefined();
  });
});

describe('the quota of a session', () => {
  it('is refused before anything is done for the request, and pays once for its answer [S003-RT-09]', () => {
    const clock = new VirtualClock();
    const stage = requestQuotas({ session: { windowMs: 10_000, bytes: 200 }, clock });
    const ask = (): { readonly reply: RecordedReply; readonly runs: Runs } => {
      const runs = new Runs();
      const reply = new RecordedReply();
      stage(requestOf('tools/call'), runs.run)(reply);
      return { reply, runs };
    };
    const first = ask();
    first.runs.replies[0]?.settle({ kind: 'message', payload: 'x'.repeat(200), status: 200 });
    expect(first.reply.ending).toBe('message');
    const second = ask();
    expect(second.reply.outcomes[0]).toMatchObject({ kind: 'refused' });
    expect(second.reply.ending).toBe('OMNI_QUOTA_USED_UP');
    expect(second.runs.replies).toHaveLength(0);
    clock.advance(10_000);
    expect(ask().runs.replies).toHaveLength(1);
  });

  it('counts answers that go on in chunks, and lets lists alone', () => {
    const clock = new VirtualClock();
    const stage = requestQuotas({ session: { windowMs: 10_000, bytes: 100, busyMs: 60_000 }, clock });
    const runs = new Runs();
    const next = runs.run;
    expect(stage(requestOf('tools/list'), next)).toBe(next);
    const chunked = Object.assign(new RecordedReply(), {
      chunks: { onResponseHead() {}, onChunk: () => true, onResponseEnd() {} },
    });
    stage(requestOf('tools/call'), next)(chunked);
    const sink = runs.replies[0]?.chunks;
    sink?.onChunk(new Uint8Array(100));
    sink?.onResponseEnd();
    const over = new RecordedReply();
    stage(requestOf('tools/call'), next)(over);
    expect(over.ending).toBe('OMNI_QUOTA_USED_UP');
  });

  it('is its own for each session', () => {
    const stage = requestQuotas({ session: { windowMs: 10_000, calls: 1 }, clock: new VirtualClock() });
    const ending = (session?: string): string | undefined => {
      const reply = new RecordedReply();
      const request = requestOf('tools/call');
      const client = {
        ...request.context.client,
        ...(session !== undefined && { session: { key: session } }),
      };
      // The stage reads nothing else of a session.
      stage({ ...request, context: { ...request.context, client: client as never } }, new Runs().run)(reply);
      return reply.ending;
    };
    expect([ending('a'), ending('b'), ending('a'), ending()]).toEqual([
      undefined,
      undefined,
      'OMNI_QUOTA_USED_UP',
      undefined,
    ]);
  });
});
