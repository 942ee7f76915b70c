import { describe, expect, it } from '@jest/globals';
import type { OmniEvent } from '@omni/events';
import { type ChildLauncher, DEFAULT_LIFECYCLE, GatewayError, type Logger } from '@omni/ports';
import { RecordingExchange, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { createMasterServer } from '../create-master-server.ts';

const SECRET = 'hunter2-secret-value';
const ADA_TOKEN = 'ada-token-0123456789';
const AUTH = {
  mode: 'token',
  token: 'owner-token-0123456789',
  tokens: [{ name: 'ada', token: ADA_TOKEN }],
} as const;

/** Says the whole command when it cannot be started. */
const launcher: ChildLauncher = {
  launch({ upstream, command }, listener) {
    const error = new GatewayError(
      'OMNI_UPSTREAM_SPAWN_FAILED',
      `Cannot start "${upstream}": "${command}" does not exist`,
      { data: { reason: 'ENOENT' } },
    );
    queueMicrotask(() => listener.onClose(error));
    return { pid: undefined, send: () => false, close: () => Promise.resolve() };
  },
  close: () => Promise.resolve(),
};

describe('a command with a secret in it, which cannot be started', () => {
  it('shows the secret neither on pages of health, nor in events, reports and the log', async () => {
    const clock = new VirtualClock();
    const spec = upstreamSpecOf(
      { kind: 'stdio', command: `/opt/${SECRET}/x`, args: [], env: {} },
      { name: 'files', lifecycle: DEFAULT_LIFECYCLE, secretValues: [SECRET] },
    );
    const lines: unknown[] = [];
    const log = (...line: unknown[]): void => void lines.push(line);
    const logger: Logger = { debugging: true, debug: log, info: log, warn: log, error: log };
    const gateway = createMasterServer({
      configuration: { auth: AUTH, upstreams: [spec] },
      clock,
      random: () => 0,
      launcher,
      logger,
    });
    const events: OmniEvent[] = [];
    gateway.events.listen((event) => void events.push(event));
    await gateway.start();
    await clock.advanceAsync(1_000);
    const headers = ['host', '127.0.0.1:7431', 'authorization', `Bearer ${ADA_TOKEN}`];
    const exchange = new RecordingExchange({ method: 'GET', path: '/ready', headers });
    gateway.handle(exchange);
    await clock.advanceAsync(10);
    const shown = { page: exchange.text(), events, upstreams: gateway.upstreams(), lines };
    await gateway.stop({ deadlineMs: 0 });
    for (const [where, what] of Object.entries(shown)) {
      const text = JSON.stringify(what);
      expect({ where, says: text.includes('does not exist'), secret: text.includes('hunter2') }).toEqual({
        where,
        says: true,
        secret: false,
      });
    }
  });
});
