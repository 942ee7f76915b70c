import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '@omni/model';
import { BatchCollector, type BatchTarget } from './batch-collector.ts';

class RecordingTarget implements BatchTarget {
  readonly answers: string[] = [];
  destroyed = 0;

  keepWaiting(): void {}

  answerBatch(answers: string): void {
    this.answers.push(answers);
  }

  destroy(): void {
    this.destroyed++;
  }
}

const CANCELLED: Outcome = { kind: 'cancelled' };

function answer(n: number): Outcome {
  return { kind: 'message', payload: `{"n":${n}}`, status: 200 };
}

function open(count: number): { readonly target: RecordingTarget; readonly collector: BatchCollector } {
  const target = new RecordingTarget();
  const collector = new BatchCollector(target, { send() {}, sendNow: () => false, destroy() {} });
  for (let index = 0; index < count; index++) collector.expect();
  return { target, collector };
}

describe('BatchCollector', () => {
  it('answers once, when all are in, in the order in which they came', () => {
    const { target, collector } = open(2);
    collector.write('2', answer(2));
    collector.close();
    expect(target.answers).toEqual([]);
    collector.write('1', { kind: 'message', payload: new TextEncoder().encode('{"n":1}'), status: 200 });
    expect(target.answers).toEqual(['[{"n":2},{"n":1}]']);
  });

  it('waits for the end of the batch, though all so far are answered', () => {
    const { target, collector } = open(1);
    collector.write('1', answer(1));
    collector.add('{"n":2}');
    expect(target.answers).toEqual([]);
    collector.close();
    expect(target.answers).toEqual(['[{"n":1},{"n":2}]']);
  });

  it('has nothing to say when all were cancelled, or none was a request', () => {
    const cancelled = open(1);
    cancelled.collector.write('1', CANCELLED);
    cancelled.collector.close();
    const none = open(0);
    none.collector.close();
    expect(cancelled.target.answers).toEqual(['']);
    expect(none.target.answers).toEqual(['']);
  });

  it('tells at once that a client cannot be asked which does not listen', () => {
    expect(open(1).collector.serverRequest('{}')).toBe(false);
  });

  it('breaks off when one answer cannot be written, and says nothing behind', () => {
    const { target, collector } = open(2);
    // JSON has no such number.
    const error = new GatewayError('OMNI_PARAMS_INVALID', 'x', { data: { n: 1n } });
    expect(() => collector.write('1', { kind: 'error', error })).toThrow(TypeError);
    collector.destroy();
    collector.close();
    collector.write('2', answer(2));
    expect(target.answers).toEqual([]);
    expect(target.destroyed).toBe(1);
  });
});
