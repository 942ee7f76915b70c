import type { ChannelListener, MessageChannel } from '@omni/ports';
import { describe, expect, it, jest } from '@jest/globals';
import { RecordingListener } from '@omni/testing';
import { messageChannelContract } from '@omni/testing/contracts';
import { createChannelPair } from './channel-pair.ts';

describe('createChannelPair', () => {
  messageChannelContract(it, openEcho);

  it('keeps what is sent before the far end opens', async () => {
    const [openLeft, openRight] = createChannelPair();
    openLeft(new RecordingListener()).send('early');
    const right = new RecordingListener();
    openRight(right);
    expect(await right.received(1)).toEqual(['early']);
  });

  it('tells the far end of the close, behind what was sent', async () => {
    const [openLeft, openRight] = createChannelPair();
    const right = new RecordingListener();
    openRight(right);
    const left = openLeft(new RecordingListener());
    left.send('last');
    await left.close();
    expect(await right.closed()).toBeUndefined();
    expect(right.messages).toEqual(['last']);
  });

  // guard: pair/backlog
  it('refuses messages beyond its backlog', () => {
    const [openLeft] = createChannelPair({ maxBacklogMessages: 2 });
    const left = openLeft(new RecordingListener());
    expect(['a', 'b', 'c'].map((text) => left.send(text))).toEqual([true, true, false]);
  });

  it('loses nothing behind a message or an end on which a listener throws', async () => {
    const thrown: unknown[] = [];
    const microtask = queueMicrotask;
    // What is thrown there would end the process.
    const spy = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) =>
      microtask(() => {
        try {
          task();
        } catch (error) {
          thrown.push(error);
        }
      }),
    );
    const [openLeft, openRight] = createChannelPair();
    const heard: string[] = [];
    const right = openRight({
      onMessage(text) {
        heard.push(text);
        if (text === 'first') throw new RangeError(text);
      },
      onFramingError() {},
      onClose() {
        heard.push('closed');
        throw new RangeError('closed');
      },
    });
    const left = openLeft(new RecordingListener());
    left.send('first');
    left.send('second');
    await left.close();
    await right.close();
    spy.mockRestore();
    expect(heard).toEqual(['first', 'second', 'closed']);
    expect(thrown).toEqual([new RangeError('first'), new RangeError('closed')]);
  });

  it('opens each end once', () => {
    const [openLeft] = createChannelPair();
    openLeft(new RecordingListener());
    expect(() => openLeft(new RecordingListener())).toThrow('already open');
  });
});

function openEcho(listener: ChannelListener): MessageChannel {
  const [openNear, openFar] = createChannelPair();
  const far = openFar({ onMessage: (text) => void far.send(text), onFramingError() {}, onClose() {} });
  return openNear(listener);
}
