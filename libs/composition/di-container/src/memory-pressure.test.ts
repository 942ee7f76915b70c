import { describe, expect, it } from '@jest/globals';
import { prometheusText } from '@omni/telemetry';
import { RecordingExchange, VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { SceneClient, ToolServer } from './gateway-scene.fixture.ts';

async function open(maxHeapShare: number) {
  const clock = new VirtualClock();
  const state = { used: 0.1 };
  const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'] });
  const warnings: string[] = [];
  const server = createMasterServer({
    configuration: { limits: { maxHeapShare }, upstreams: [spec] },
    heap: { read: () => ({ usedBytes: state.used * 1_000, limitBytes: 1_000 }), collect() {} },
    clock,
    random: () => 0,
    logger: {
      debugging: false,
      debug() {},
      info() {},
      warn: (_fields, message) => void warnings.push(message),
      error() {},
    },
  });
  await server.start();
  await clock.advanceAsync(0);
  const client = new SceneClient(server);
  const call = async (): Promise<string> => {
    const answer = client.modern('tools/call', { name: 'files__read' });
    await clock.advanceAsync(0);
    return answer;
  };
  const use = (used: number): void => {
    state.used = used;
    clock.advance(250);
  };
  const memory = () => server.readiness().components.find(({ name }) => name === 'memory');
  return { clock, server, warnings, call, use, memory };
}

describe('a gateway whose heap fills up', () => {
  it('refuses requests of every client, says so on health and metrics, and takes them again [S003-PH-09]', async () => {
    const { clock, server, warnings, call, use, memory } = await open(0.5);
    expect(await call()).toContain('files read');
    use(0.5);
    expect(await call()).toContain('OMNI_OVERLOADED');
    expect(memory()).toMatchObject({ level: 'warn', details: { usedBytes: 500, limitBytes: 1_000 } });
    expect(server.readiness()).toMatchObject({ ready: true, level: 'warn' });
    expect(warnings).toContain('the heap is nearly full: new requests are refused');
    expect(server.metrics && prometheusText(server.metrics.read())).toContain('omni_memory_pressure 1');

    use(0.9);
    expect(server.readiness()).toMatchObject({ ready: false, level: 'error' });
    const exchange = new RecordingExchange({ method: 'GET', path: '/mcp', headers: ['Host', 'localhost'] });
    server.handle(exchange);
    expect(exchange.status).toBe(503);
    const page = new RecordingExchange({
      method: 'GET',
      path: '/health/live',
      headers: ['Host', 'localhost'],
    });
    server.handle(page);
    await clock.advanceAsync(0);
    expect(page.status).toBe(200);

    use(0.4);
    expect(await call()).toContain('files read');
    expect(server.readiness()).toMatchObject({ ready: true, level: 'ok' });
    await server.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('heeds nothing where the share is 1', async () => {
    const { call, use, memory } = await open(1);
    use(0.99);
    expect(await call()).toContain('files read');
    expect(memory()).toBeUndefined();
  });
});
