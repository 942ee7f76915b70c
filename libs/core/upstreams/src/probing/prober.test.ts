import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, type OpenChannel, silentLogger } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import type { OpenConnection } from '../connection/open-connection.ts';
import { Upstreams } from '../upstreams.ts';
import { legacyScript } from '../upstream-scene.fixture.ts';
import { Prober } from './prober.ts';

describe('probes of many servers', () => {
  it('are sixteen at a time, whatever connections they go over', () => {
    const clock = new VirtualClock();
    const prober = new Prober(clock);
    let sent = 0;
    const connectionOf = (): OpenConnection => {
      const connection: Pick<OpenConnection, 'era' | 'heardAtMs' | 'probe'> = {
        era: 'legacy',
        heardAtMs: 0,
        probe: () => {
          sent++;
          return { cancel() {} };
        },
      };
      // Holds: a ping asks for nothing else.
      return connection as OpenConnection;
    };
    const shared = { timeoutMs: 1_000, identity: { name: 'omni', version: '1' }, clock };
    for (let count = 0; count < 20; count++)
      prober.begin({ ...shared, upstream: `s${count}`, connection: connectionOf() }, () => {});
    expect(sent).toBe(16);
    clock.advance(1_000);
    expect(sent).toBe(20);
  });

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
