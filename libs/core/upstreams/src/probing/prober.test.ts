import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, type OpenChannel, silentLogger } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { Upstreams } from '../upstreams.ts';
import { legacyScript } from '../upstream-scene.fixture.ts';
import { Prober } from './prober.ts';

describe('probes of many servers', () => {
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
