import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, type ChildLauncher, GatewayError } from '@omni/ports';
import type { OmniEvent } from '@omni/events';
import { upstreamSpecOf, VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { ToolServer } from './gateway-scene.fixture.ts';

const OWNER_TOKEN = 'owner-token-0123456789';
const AUTH = { mode: 'token', token: OWNER_TOKEN } as const;
const LIFECYCLE = { ...DEFAULT_LIFECYCLE, probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0 } };

describe('a server that is removed at run time', () => {
  it('is told to be stopped [S000-SHD-06]', async () => {
    const clock = new VirtualClock();
    const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'] });
    const gateway = createMasterServer({
      configuration: { auth: AUTH, upstreams: [spec] },
      clock,
      random: () => 0,
    });
    const events: OmniEvent[] = [];
    gateway.events.listen((event) => void events.push(event));
    await gateway.start();
    await clock.advanceAsync(5_000);
    await gateway.apply([]);
    await clock.advanceAsync(60_000);
    const types = events.filter(({ subject }) => subject.server === 'files').map(({ type }) => type);
    await gateway.stop({ deadlineMs: 0 });
    expect(types).toContain('upstream.stopped');
  });
});

describe('the scan of what cannot be started', () => {
  it('starts nothing: one attempt in an hour is enough for a program that may not be executed', async () => {
    const clock = new VirtualClock();
    let launches = 0;
    const launcher: ChildLauncher = {
      startable: () => Promise.resolve('/mnt/noexec/server 755'),
      launch(_spec, listener) {
        launches++;
        queueMicrotask(() =>
          listener.onClose(
            new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', 'may not be executed', {
              data: { reason: 'EACCES' },
            }),
          ),
        );
        return { pid: undefined, send: () => false, close: () => Promise.resolve() };
      },
      close: () => Promise.resolve(),
    };
    const spec = upstreamSpecOf(
      { kind: 'stdio', command: '/mnt/noexec/server', args: [], env: {} },
      { name: 'files', lifecycle: LIFECYCLE },
    );
    const gateway = createMasterServer({
      configuration: { auth: AUTH, upstreams: [spec] },
      clock,
      random: () => 0,
      launcher,
    });
    const events: OmniEvent[] = [];
    gateway.events.listen((event) => void events.push(event));
    await gateway.start();
    await clock.advanceAsync(3_600_000);
    await gateway.stop({ deadlineMs: 0 });
    expect({ launches, told: events.filter(({ type }) => type === 'upstream.misconfigured').length }).toEqual(
      {
        launches: 1,
        told: 1,
      },
    );
  });
});
