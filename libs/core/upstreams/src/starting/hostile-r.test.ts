import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, silentLogger, type OpenChannel } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { Prober } from '../probing/prober.ts';
import { Upstreams } from '../upstreams.ts';
import { legacyScript } from '../upstream-scene.fixture.ts';
import { StartLimiter } from './start-limiter.ts';

/* FAILING TESTS of a hostile reader. */

describe('R: the limits of starts', () => {
  it('let a server restart within a minute while instances of another one are started all the time', async () => {
    const clock = new VirtualClock();
    const limiter = new StartLimiter({ clock, maxStarting: 8, maxStartsPerSecond: 20 });
    limiter.open();
    let restartedAt: number | undefined;
    // 25 calls a second, each on an instance of its own that lives for 50 ms.
    const storm = (): void => {
      const leave = limiter.begin({
        upstream: 'busy',
        isCritical: true,
        isRestart: false,
        start: () => void clock.after(50, () => leave()),
      });
      clock.after(40, storm);
    };
    storm();
    await clock.advanceAsync(2_000);
    limiter.begin({
      upstream: 'fallen',
      isCritical: true,
      isRestart: true,
      start: () => (restartedAt = clock.monotonicMs()),
    });
    clock.advance(60_000);
    expect(restartedAt).toBeDefined();
  });
});

describe('R: probes of many servers', () => {
  it('of one server do not wait for others whose definition lets a probe take long', async () => {
    const clock = new VirtualClock();
    const hang = {
      ...DEFAULT_LIFECYCLE,
      probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0, timeoutMs: 3_600_000 },
    };
    const well = { ...DEFAULT_LIFECYCLE, probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0 } };
    let pings = 0;
    const openOf = (name: string): OpenChannel =>
      new ScriptedServer((message, instance) => {
        if (message.method === 'ping') {
          if (name !== 'well') return;
          pings++;
          instance.reply(message, '{}');
        } else legacyScript(message, instance);
      }).open;
    const names = [...Array.from({ length: 16 }, (_, at) => `hang${at}`), 'well'];
    const upstreams = new Upstreams({
      specs: names.map((name) =>
        upstreamSpecOf(
          { kind: 'channel', open: openOf(name) },
          { name, lifecycle: name === 'well' ? well : hang, callTimeoutMs: 3_600_000 },
        ),
      ),
      clock,
      logger: silentLogger,
      prober: new Prober(clock),
      random: () => 0,
      identity: { name: 'omni', version: '1' },
      observer: {
        onStateChanged() {},
        onReady: (_name, _connection, onListed) => onListed(false),
        onListsChanged() {},
      },
    });
    upstreams.start();
    await clock.advanceAsync(600_000);
    expect(pings).toBeGreaterThan(10);
  });
});
