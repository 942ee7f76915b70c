import { PassThrough } from 'node:stream';
import type { ChannelListener, MessageChannel } from '@omni/ports';
import { RecordingListener } from '@omni/testing';
import { messageChannelContract } from '@omni/testing/contracts';
import { describe, expect, it } from '@jest/globals';
import { stdioChannel } from './stdio-channel.ts';

describe('stdioChannel', () => {
  messageChannelContract(it, openEcho);

  it('still sends answers after the input has ended', async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    const listener = new RecordingListener();
    const channel = stdioChannel({ input, output })(listener);
    input.end('{"id":1}');
    expect(await listener.closed()).toBeUndefined();
    expect(listener.messages).toEqual(['{"id":1}']);
    expect(channel.send('{"id":1,"result":{}}')).toBe(true);
    await channel.close();
    expect(String(output.read())).toBe('{"id":1,"result":{}}\n');
    expect(listener.closes.length).toBe(1);
  });

  it('ends when nobody reads the output any more', async () => {
    const output = new PassThrough();
    const listener = new RecordingListener();
    const channel = stdioChannel({ input: new PassThrough(), output })(listener);
    output.destroy(new RangeError('planted EPIPE'));
    expect(await listener.closed()).toBeUndefined();
    expect(channel.send('x')).toBe(false);
    await channel.close();
  });

  it('reports what is no message and reads on', async () => {
    const input = new PassThrough();
    const listener = new RecordingListener();
    const channel = stdioChannel({ input, output: new PassThrough(), maxMessageBytes: 4 })(listener);
    input.write(Buffer.concat([Buffer.from('12345\n'), Buffer.from([0xff, 0x0a]), Buffer.from('next\n')]));
    expect(await listener.received(1)).toEqual(['next']);
    expect(listener.framingError).toEqual([{ kind: 'oversize', limitBytes: 4 }, { kind: 'not-utf8' }]);
    await channel.close();
  });
});

function openEcho(listener: ChannelListener): MessageChannel {
  const wire = new PassThrough();
  return stdioChannel({ input: wire, output: wire })(listener);
}
