import { describe, expect, it } from '@jest/globals';
import { coordinatorProgram, InlineRoleHost } from '@omni/coordinator';
import { DEFAULT_LIFECYCLE, type RoleHost } from '@omni/ports';
import { RecordingExchange, ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { SceneClient, ToolServer } from './gateway-scene.fixture.ts';

const OWNER_TOKEN = 'owner-token-0123456789';
const AUTH = { mode: 'token', token: OWNER_TOKEN } as const;
const LIFECYCLE = { ...DEFAULT_LIFECYCLE, probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0 } };

/** As a coordinator in a thread: messages take a millisecond each way. */
function elsewhere(clock: VirtualClock): RoleHost {
  const inline = new InlineRoleHost(coordinatorProgram({ clock, random: () => 0 }));
  return {
    sharesMemory: true,
    start(data, listener) {
      const role = inline.start(data, {
        onMessage: (message) => void clock.after(1, () => listener.onMessage(message)),
        onExit: (reason) => listener.onExit(reason),
      });
      return {
        post: (message) => void clock.after(1, () => role.post(message)),
        terminate: () => role.terminate(),
      };
    },
  };
}

describe('/ready?probe=1 with a coordinator in a thread', () => {
  it('answers when the servers have been asked, not before (R-10)', async () => {
    const clock = new VirtualClock();
    let isHanging = false;
    const server = new ScriptedServer((message, instance) => {
      if (isHanging || message.id === undefined) return;
      if (message.method === 'initialize')
        instance.reply(
          message,
          '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"x","version":"1"}}',
        );
      else if (message.method === 'ping') instance.reply(message, '{}');
      else instance.refuse(message, -32601);
    });
    const gateway = createMasterServer({
      configuration: {
        auth: AUTH,
        upstreams: [
          {
            ...upstreamSpecOf({ kind: 'channel', open: server.open }, { name: 'files' }),
            lifecycle: LIFECYCLE,
          },
        ],
      },
      clock,
      random: () => 0,
      coordinator: elsewhere(clock),
    });
    await gateway.start();
    await clock.advanceAsync(5_000);
    expect(gateway.upstreams()[0]?.state).toBe('ready');
    isHanging = true;
    const exchange = new RecordingExchange({
      method: 'GET',
      path: '/ready',
      query: 'probe=1',
      headers: ['host', '127.0.0.1:7431', 'authorization', `Bearer ${OWNER_TOKEN}`],
    });
    gateway.handle(exchange);
    await clock.advanceAsync(1_000);
    const early = exchange.status;
    await clock.advanceAsync(6_000);
    const text = exchange.text();
    await gateway.stop({ deadlineMs: 0 });
    expect([early, text.includes('"warn"')]).toEqual([0, true]);
  });
});

describe('an idle stop with a coordinator in a thread', () => {
  it('fails no call', async () => {
    const answers: string[] = [];
    for (let offset = -2; offset < 20; offset++) {
      const clock = new VirtualClock();
      const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'], answersAfterMs: 20 });
      const gateway = createMasterServer({
        configuration: { upstreams: [{ ...spec, idleStopMs: 60_000, lifecycle: LIFECYCLE }] },
        clock,
        random: () => 0,
        coordinator: elsewhere(clock),
      });
      await gateway.start();
      await clock.advanceAsync(60_000 + offset);
      const client = new SceneClient(gateway);
      const answered = client.modern('tools/call', { name: 'files__read' });
      await clock.advanceAsync(5_000);
      answers.push(await answered);
      await gateway.stop({ deadlineMs: 0 });
    }
    expect(answers.filter((text) => !text.includes('files read'))).toEqual([]);
  });
});

describe('a coordinator that never answers', () => {
  it('keeps nobody from listing and calling: what serves clients runs alone [S001-ARC-01]', async () => {
    const clock = new VirtualClock();
    const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'] });
    const sent: unknown[] = [];
    const gateway = createMasterServer({
      configuration: { upstreams: [{ ...spec, lifecycle: LIFECYCLE }] },
      clock,
      random: () => 0,
      coordinator: {
        sharesMemory: false,
        start: (data) => {
          sent.push(data);
          return { post: (message) => void sent.push(message), terminate: () => Promise.resolve() };
        },
      },
    });
    await gateway.start();
    const client = new SceneClient(gateway);
    const listed = client.modern('tools/list');
    const answered = client.modern('tools/call', { name: 'files__read' });
    await clock.advanceAsync(10_000);
    expect(await listed).toContain('files__read');
    expect(await answered).toContain('files read');
    // It was started, and what it is told is plain data.
    expect(sent.length).toBeGreaterThan(0);
    expect(structuredClone(sent)).toEqual(sent);
    await gateway.stop({ deadlineMs: 0 });
  });
});
