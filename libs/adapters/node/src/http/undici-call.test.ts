import { describe, expect, it } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { BufferCollector } from './buffer-collector.ts';
import { UndiciCall } from './undici-call.ts';

/** A call whose connection stands, and what was done to the connection. */
function begin() {
  const log: string[] = [];
  let received = 0;
  const controller: Dispatcher.DispatchController = {
    aborted: false,
    paused: false,
    reason: null,
    abort: () => void log.push('abort'),
    pause: () => void log.push('pause'),
    resume: () => void log.push('resume'),
  };
  const listener = {
    onHead() {},
    onData: (chunk: Uint8Array) => void (received += chunk.byteLength),
    onEnd() {},
    onError() {},
  };
  const call = new UndiciCall(listener, 'http://up.test', new BufferCollector());
  call.start();
  call.onRequestStart(controller);
  const read = (bytes: number): void => call.onResponseData(controller, Buffer.alloc(bytes));
  return { log, read, received: () => received };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('UndiciCall', () => {
  // guard: upstream/turn
  it('reads on in the next turn when an answer has had its part of this one', async () => {
    const { log, read, received } = begin();
    read(100_000);
    expect(log).toEqual([]);
    read(100_000);
    expect(log).toEqual(['pause']);
    expect(received()).toBe(200_000);
    await nextTurn();
    expect(log).toEqual(['pause', 'resume']);
  });

  it('does not stop at a short answer', async () => {
    const { log, read } = begin();
    read(1_000);
    await nextTurn();
    expect(log).toEqual([]);
  });
});
