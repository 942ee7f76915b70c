import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIFECYCLE, type ChildLauncher, GatewayError } from '@omni/ports';
import type { OmniEvent } from '@omni/events';
import { RecordingExchange, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';

/* FAILING TESTS of a hostile reader. */

const OWNER_TOKEN = 'owner-token-0123456789';
const AUTH = { mode: 'token', token: OWNER_TOKEN } as const;
const LIFECYCLE = { ...DEFAULT_LIFECYCLE, probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0 } };

describe('R: the pages of health', () => {
  it('show users no secret that stands in the command of a server', async () => {
    const clock = new VirtualClock();
    const secret = 'hunter2-secret-value';
    const launcher: ChildLauncher = {
      launch({ upstream, command }, listener) {
        queueMicrotask(() =>
          listener.onClose(
            // As NodeChildLauncher says it.
            new GatewayError(
              'OMNI_UPSTREAM_SPAWN_FAILED',
              `Cannot start "${upstream}": "${command}" does not exist`,
              {
                data: { reason: 'ENOENT' },
              },
            ),
          ),
        );
        return { pid: undefined, send: () => false, close: () => Promise.resolve() };
      },
      close: () => Promise.resolve(),
    };
    const spec = upstreamSpecOf(
      { kind: 'stdio', command: `/opt/${secret}/x`, args: [], env: {} },
      { name: 'files', lifecycle: LIFECYCLE, secretValues: [secret] },
    );
    const ADA_TOKEN = 'ada-token-0123456789';
    const gateway = createMasterServer({
      configuration: { auth: { ...AUTH, tokens: [{ name: 'ada', token: ADA_TOKEN }] }, upstreams: [spec] },
      clock,
      random: () => 0,
      launcher,
    });
    const events: OmniEvent[] = [];
    gateway.events.listen((event) => void events.push(event));
    await gateway.start();
    await clock.advanceAsync(1_000);
    const exchange = new RecordingExchange({
      method: 'GET',
      path: '/ready',
      headers: ['host', '127.0.0.1:7431', 'authorization', `Bearer ${ADA_TOKEN}`],
    });
    gateway.handle(exchange);
    await clock.advanceAsync(10);
    await gateway.stop({ deadlineMs: 0 });
    expect({
      page: exchange.text().includes(secret),
      events: events.some((event) => event.acl.minRole === 'user' && JSON.stringify(event).includes(secret)),
    }).toEqual({ page: false, events: false });
  });
});
