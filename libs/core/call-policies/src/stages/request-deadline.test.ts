import { describe, expect, it } from '@jest/globals';
import type { ReplySink } from '@omni/model';
import { VirtualClock } from '@omni/testing';
import { requestDeadline } from './request-deadline.ts';
import { RecordedReply, requestOf, specWith } from './stage-scene.fixture.ts';

class Scene {
  readonly clock = new VirtualClock();
  readonly reply = new RecordedReply();
  inner: ReplySink | undefined;
  cancelled: string | undefined;

  run(deadlineMs: number, chunks?: ReplySink['chunks'], method = 'tools/call'): { cancel(): void } {
    const stage = requestDeadline({ specOf: () => specWith({ deadlineMs }), clock: this.clock });
    const run = stage(requestOf(method), (reply) => {
      this.inner = reply;
      return { cancel: (reason) => (this.cancelled = reason) };
    });
    return run(chunks === undefined ? this.reply : Object.assign(this.reply, { chunks }));
  }
}

describe('a request with a deadline', () => {
  it('ends with it, and what runs is cancelled [S003-RT-07]', () => {
    const scene = new Scene();
    scene.run(500);
    scene.clock.advance(499);
    expect(scene.reply.outcomes).toEqual([]);
    scene.clock.advance(1);
    expect(scene.reply.ending).toBe('OMNI_UPSTREAM_TIMEOUT');
    expect(scene.cancelled).toBe('its deadline is over');
    scene.inner?.settle({ kind: 'message', payload: '{}', status: 200 });
    expect(scene.reply.outcomes).toHaveLength(1);
  });

  it('has less of it when it has waited for its way', () => {
    const scene = new Scene();
    scene.clock.advance(400);
    scene.run(500);
    scene.clock.advance(100);
    expect(scene.reply.ending).toBe('OMNI_UPSTREAM_TIMEOUT');
  });

  it('has none where it waits for a task', () => {
    const scene = new Scene();
    scene.run(500, undefined, 'tasks/result');
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('has none any more once it has ended', () => {
    const scene = new Scene();
    scene.run(500);
    scene.inner?.settle({ kind: 'message', payload: '{}', status: 200 });
    expect(scene.clock.pendingTimers).toBe(0);
    expect(scene.reply.ending).toBe('message');
  });

  it('has none any more once it is cancelled', () => {
    const scene = new Scene();
    scene.run(500).cancel();
    scene.clock.advance(1_000);
    expect(scene.reply.outcomes).toEqual([]);
  });

  it('has one until the last byte of an answer that comes in chunks', () => {
    const scene = new Scene();
    const log: string[] = [];
    scene.run(500, {
      onResponseHead: () => void log.push('head'),
      onChunk: () => log.push('chunk') > 0,
      onResponseEnd: () => void log.push('end'),
    });
    const chunks = scene.inner?.chunks;
    chunks?.onResponseHead({ status: 200, length: 1, isError: false, isKept: true });
    chunks?.onChunk(new Uint8Array(1));
    expect(scene.clock.pendingTimers).toBe(1);
    chunks?.onResponseEnd();
    expect(scene.clock.pendingTimers).toBe(0);
    expect(log).toEqual(['head', 'chunk', 'end']);
  });

  it('costs nothing where it is not set', () => {
    const stage = requestDeadline({ specOf: () => specWith({}), clock: new VirtualClock() });
    const run = (): never => {
      throw new Error('not run here');
    };
    expect(stage(requestOf('tools/call'), run)).toBe(run);
  });
});
