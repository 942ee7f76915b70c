import { GatewayError, type ChannelListener, type MessageChannel, type OwnerReport } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { openInProcess } from './in-process-channel.ts';

const ANSWER = '{"jsonrpc":"2.0","id":1,"result":{}}';

/** A channel that does as the contract says; what is given replaces a part of it. */
function channelOf(part: Partial<Record<keyof MessageChannel, unknown>> = {}): MessageChannel {
  // Code without types gives anything.
  return { send: () => true, close: () => Promise.resolve(), ...part } as MessageChannel;
}

function scene(open: (code: ChannelListener) => unknown) {
  const clock = new VirtualClock();
  const heard: string[] = [];
  const reports: OwnerReport[] = [];
  const options = {
    upstream: 'own',
    open: open as (code: ChannelListener) => MessageChannel,
    clock,
    random: () => 0,
    secretValues: () => ['s3cret-value'],
    onReport: (report: OwnerReport) => void reports.push(report),
  };
  const listener: ChannelListener = {
    onMessage: (text) => void heard.push(text),
    onFramingError: ({ kind }) => void heard.push(kind),
    onClose: (reason) => void heard.push(`closed: ${reason?.code} ${reason?.message}`),
  };
  return { clock, heard, reports, open: () => openInProcess(options, listener) };
}

/** What opening throws. */
function failureOf(open: () => MessageChannel): GatewayError {
  try {
    open();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new RangeError('it was opened');
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

describe('a channel to code in the same process', () => {
  it('passes on what is said on both sides', async () => {
    const sent: string[] = [];
    const made = scene((code) =>
      channelOf({
        send: (text: string) => {
          sent.push(text);
          code.onMessage(ANSWER);
          code.onFramingError({ kind: 'not-utf8' });
          return true;
        },
      }),
    );
    const channel = made.open();
    expect(channel.send('ask')).toBe(true);
    expect(sent).toEqual(['ask']);
    expect(made.heard).toEqual([ANSWER, 'not-utf8']);
    expect(channel.isOpen).toBe(true);
  });

  it('says that nothing was taken where the code says so', () => {
    const channel = scene(() => channelOf({ send: () => false })).open();
    expect(channel.send('ask')).toBe(false);
    expect(channel.isOpen).toBe(true);
  });

  it('is open as long as the code says so', () => {
    expect(scene(() => channelOf({ isOpen: false })).open().isOpen).toBe(false);
  });

  it('says that it could not be opened when the code throws, and keeps what for the owner', () => {
    const made = scene(() => {
      throw new RangeError('no s3cret-value here');
    });
    const failure = failureOf(made.open);
    expect(failure.code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(failure.message).toBe('"own" could not be opened: its open function threw (report 00000000)');
    expect(failure.cause).toBeInstanceOf(RangeError);
    expect(made.reports).toHaveLength(1);
    expect(made.reports[0]?.lines[0]).toBe('RangeError: no *** here');
  });

  // guard: link/no-channel
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['something else', { send: () => true }],
  ])('says that it could not be opened when the code returns %s', (_what, returned) => {
    expect(failureOf(scene(() => returned).open).message).toContain('returned no channel');
  });

  it('says of a report only where something was thrown', () => {
    expect(failureOf(scene(() => undefined).open).hint).not.toContain('reports');
    expect(failureOf(scene(() => Promise.reject(new RangeError('later'))).open).hint).not.toContain(
      'reports',
    );
    const thrown = scene(() => {
      throw new RangeError('planted');
    });
    expect(failureOf(thrown.open).hint).toContain('among the reports for the owner');
  });

  it('hands out functions that need no object', async () => {
    const made = scene(({ onMessage, onFramingError, onClose }) =>
      channelOf({
        send: () => {
          onMessage(ANSWER);
          onFramingError({ kind: 'not-utf8' });
          onClose(undefined);
        },
      }),
    );
    made.open().send('ask');
    await microtasks();
    expect(made.heard).toEqual([ANSWER, 'not-utf8', 'closed: undefined undefined']);
  });

  // guard: link/thrown-text
  it.each<[string, () => unknown, string]>([
    ['a stack that is none', () => Object.assign(new RangeError('no'), { stack: ['a'] }), 'RangeError: no'],
    [
      'an error that cannot be turned into text',
      () => Object.assign(new RangeError('no'), { stack: 5, name: Symbol('name') }),
      'a thrown object',
    ],
    ['something that is no error', () => ({ stack: ['a'] }), 'a thrown object'],
  ])('reports %s', (_what, thrown, line) => {
    const made = scene(() => {
      throw thrown();
    });
    expect(failureOf(made.open).code).toBe('OMNI_UPSTREAM_UNREACHABLE');
    expect(made.reports[0]?.lines).toEqual([line]);
  });

  it('ends where the code cannot say whether it is open', async () => {
    const made = scene(() => ({
      send: () => true,
      close: () => Promise.resolve(),
      get isOpen() {
        throw new RangeError('planted');
      },
    }));
    expect(made.open().isOpen).toBe(false);
    await microtasks();
    expect(made.heard).toEqual([expect.stringContaining('its isOpen threw')]);
  });

  it('takes no promise for a channel, nor its failure for one of the process', async () => {
    const failure = failureOf(scene(() => Promise.reject(new RangeError('later'))).open);
    // A rejection that nobody handles would fail this test.
    await microtasks();
    expect(failure.message).toContain('returned no channel');
  });

  it.each<[string, Partial<Record<keyof MessageChannel, unknown>>, RegExp, boolean]>([
    [
      'throws',
      {
        send: () => {
          throw new RangeError('full');
        },
      },
      /its send function threw \(report/,
      false,
    ],
    [
      'rejects',
      { send: () => Promise.reject(new RangeError('full')) },
      /its send function rejected \(report/,
      true,
    ],
  ])('is over when sending %s', async (_what, part, pattern, isTaken) => {
    let closed = 0;
    const made = scene(() => channelOf({ ...part, close: () => Promise.resolve(void closed++) }));
    const channel = made.open();
    expect(channel.send('ask')).toBe(isTaken);
    // Whoever sends learns of it when it has its handle.
    expect(made.heard).toEqual([]);
    await microtasks();
    expect(made.heard).toEqual([expect.stringMatching(pattern)]);
    expect(made.heard[0]).toContain('OMNI_UPSTREAM_EXITED');
    expect(channel.isOpen).toBe(false);
    expect(channel.send('more')).toBe(false);
    expect(closed).toBe(1);
    expect(made.reports[0]?.lines[0]).toBe('RangeError: full');
  });

  it('is over when the code sends something that is no text', async () => {
    let code: ChannelListener | undefined;
    const made = scene((listener) => {
      code = listener;
      return channelOf();
    });
    made.open();
    code?.onMessage({ jsonrpc: '2.0' } as unknown as string);
    code?.onMessage(ANSWER);
    await microtasks();
    expect(made.heard).toEqual([expect.stringContaining('it sent something that is no text')]);
  });

  it('tells its end once, and nothing behind it', async () => {
    let code: ChannelListener | undefined;
    const made = scene((listener) => {
      code = listener;
      return channelOf();
    });
    made.open();
    code?.onClose(undefined);
    code?.onClose(undefined);
    code?.onMessage(ANSWER);
    await microtasks();
    expect(made.heard).toEqual(['closed: undefined undefined']);
  });

  it('tells an end for a reason that is no error of Omni, and what it was to the owner', async () => {
    let code: ChannelListener | undefined;
    const made = scene((listener) => {
      code = listener;
      return channelOf();
    });
    made.open();
    code?.onClose(new RangeError('worn out') as unknown as GatewayError);
    await microtasks();
    expect(made.heard).toEqual([expect.stringContaining('for a reason of its own (report 00000000)')]);
    expect(made.reports[0]?.lines[0]).toBe('RangeError: worn out');
  });

  it('tells what came while it was opened when it is open, in order', async () => {
    const made = scene((code) => {
      code.onMessage(ANSWER);
      code.onFramingError({ kind: 'not-utf8' });
      code.onClose(undefined);
      return channelOf();
    });
    made.open();
    expect(made.heard).toEqual([]);
    await microtasks();
    expect(made.heard).toEqual([ANSWER, 'not-utf8', 'closed: undefined undefined']);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new RangeError('not now');
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('not now'))],
  ])('rejects when its close %s, whoever closes it', async (_what, close) => {
    const channel = scene(() => channelOf({ close })).open();
    const closed = channel.close();
    await expect(closed).rejects.toThrow('not now');
    expect(channel.close()).toBe(closed);
  });

  it('waits for a close that does not end for five seconds', async () => {
    const { clock, open } = scene(() => channelOf({ close: () => new Promise(() => {}) }));
    let isClosed = false;
    void open()
      .close()
      .then(() => (isClosed = true));
    await clock.advanceAsync(4_999);
    expect(isClosed).toBe(false);
    await clock.advanceAsync(1);
    expect(isClosed).toBe(true);
  });
});
