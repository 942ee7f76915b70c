import { describe, expect, it } from '@jest/globals';
import { upstreamSpecOf, VirtualClock } from '@omni/testing';
import { startDeadline } from './call-timeout.ts';
import { Deadlines } from './deadlines.ts';

describe('startDeadline', () => {
  it.each([
    ['tools/call', 1_000, 'idle'],
    ['tasks/get', 1_000, 'idle'],
    ['tasks/result', 9_000, 'total'],
  ])('lets a silent %s wait for %i ms', (method, waitMs, expected) => {
    const clock = new VirtualClock();
    const spec = upstreamSpecOf(
      { kind: 'http', url: 'http://127.0.0.1:1/', headers: {} },
      { callTimeoutMs: 1_000, maxCallTimeMs: 9_000 },
    );
    const heard: string[] = [];
    startDeadline(method, spec, new Deadlines(clock), { onDeadline: (kind) => heard.push(kind) });
    clock.advance(waitMs - 1);
    expect(heard).toEqual([]);
    clock.advance(300);
    expect(heard).toEqual([expected]);
  });

  it('sets a subscription no limit', () => {
    const clock = new VirtualClock();
    const spec = upstreamSpecOf({ kind: 'http', url: 'http://127.0.0.1:1/', headers: {} });
    expect(
      startDeadline('subscriptions/listen', spec, new Deadlines(clock), { onDeadline() {} }),
    ).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });
});
