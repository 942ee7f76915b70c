import assert from 'node:assert/strict';
import type { OpenChannel } from '@omni/ports';
import type { DefineTest } from './define-test.ts';
import { RecordingListener } from '../recording-listener.ts';

/**
 * What every `MessageChannel` must do; each adapter's test file calls this.
 *
 * @param it - Of the runner.
 * @param openEcho - Opens a channel whose far side sends every message back unchanged.
 */
export function messageChannelContract(it: DefineTest, openEcho: OpenChannel): void {
  it('carries messages whole and in order', async () => {
    const listener = new RecordingListener();
    const channel = openEcho(listener);
    const sent = Array.from(
      { length: 1_000 },
      (_, index) => `{"jsonrpc":"2.0","id":${index},"method":"ping"}`,
    );
    assert.ok(sent.map((text) => channel.send(text)).every((isTaken) => isTaken));
    assert.deepEqual(await listener.received(sent.length), sent);
    await channel.close();
  });

  it('carries every character and long messages unchanged', async () => {
    const listener = new RecordingListener();
    const channel = openEcho(listener);
    const sent = ['{"a":"é ✓ 🦜 \\n \u2028"}', `{"b":"${'0123456789ä🦜'.repeat(50_000)}"}`];
    for (const text of sent) channel.send(text);
    assert.deepEqual(await listener.received(2), sent);
    await channel.close();
  });

  it('says nothing before opening has returned', async () => {
    let hasReturned = false;
    const early: string[] = [];
    const listener = new RecordingListener();
    const channel = openEcho({
      onMessage(text) {
        if (!hasReturned) early.push(text);
        listener.onMessage(text);
      },
      onFramingError: (problem) => listener.onFramingError(problem),
      onClose: (reason) => listener.onClose(reason),
    });
    channel.send('{"id":1}');
    hasReturned = true;
    await listener.received(1);
    assert.deepEqual(early, []);
    await channel.close();
  });

  it('says the end once and without a reason when it is closed', async () => {
    const listener = new RecordingListener();
    const channel = openEcho(listener);
    channel.send('{"id":1}');
    await listener.received(1);
    await Promise.all([channel.close(), channel.close()]);
    await channel.close();
    assert.deepEqual(listener.closes, [undefined]);
  });

  it('takes no message after it is closed', async () => {
    const listener = new RecordingListener();
    const channel = openEcho(listener);
    await channel.close();
    assert.equal(channel.send('{"id":2}'), false);
    assert.deepEqual(listener.messages, []);
  });

  it('says nothing after the end, also of what was on its way', async () => {
    const late: string[] = [];
    const listener = new RecordingListener();
    const hasEnded = (): boolean => listener.closes.length > 0;
    const channel = openEcho({
      onMessage(text) {
        if (hasEnded()) late.push(text);
        listener.onMessage(text);
      },
      onFramingError(problem) {
        if (hasEnded()) late.push(problem.kind);
        listener.onFramingError(problem);
      },
      onClose: (reason) => listener.onClose(reason),
    });
    for (let id = 0; id < 100; id++) channel.send(`{"id":${id}}`);
    await listener.received(1);
    await channel.close();
    // What was on its way has these turns of the event loop to arrive.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(late, []);
    assert.deepEqual(listener.closes, [undefined]);
  });
}
