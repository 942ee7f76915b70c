import { describe, expect, it } from '@jest/globals';
import type { SendCall } from '@omni/model';
import { NOTHING_RUNS } from '@omni/model';
import { RecordingCall, VirtualClock } from '@omni/testing';
import { CALL, FACTS, messageOf } from './call-scene.fixture.ts';
import { CallMeter } from './metrics/call-meter.ts';
import { MAX_SERIES, MetricRegistry } from './metrics/metric-registry.ts';
import { prometheusText } from './metrics/prometheus-text.ts';
import { spanName } from './tracing/span-facts.ts';

/* FAILING TESTS of a hostile reader. */

function answered(meter: CallMeter, upstream: string, code: number): void {
  const raw: SendCall = (_call, handler) => {
    handler.onAnswer({
      kind: 'message',
      message: messageOf(`{"jsonrpc":"2.0","id":1,"error":{"code":${code},"message":"x"}}`),
      status: 200,
    });
    return NOTHING_RUNS;
  };
  meter.stage(raw, { ...FACTS, upstream })(CALL, new RecordingCall());
}

describe('R: metrics', () => {
  it('of other servers stay when one answers each call with another error code', () => {
    const registry = new MetricRegistry();
    const meter = new CallMeter(registry, new VirtualClock());
    for (let code = 0; code < 1_000; code++) answered(meter, 'evil', code);
    answered(meter, 'good', -32603);
    const text = prometheusText(registry.read());
    expect(text.includes('omni_upstream="good"')).toBe(true);
  });

  it('have each series once, also where a server is called "other"', () => {
    const registry = new MetricRegistry();
    const spawns = registry.counter({ name: 'mcp_server_spawn', help: 'x', labels: ['server'] });
    spawns.with('other').add();
    for (let at = 0; at < MAX_SERIES + 1; at++) spawns.with(`s${at}`).add();
    const lines = prometheusText(registry.read())
      .split('\n')
      .filter((line) => line.startsWith('mcp_server_spawn_total{server="other"}'));
    expect(lines).toHaveLength(1);
  });

  it('count a value that has a series there, when there is no room for further ones', () => {
    const registry = new MetricRegistry();
    const family = registry.counter({ name: 'x', help: 'x', labels: ['tool'] });
    const long = 'l'.repeat(200);
    family.with(long).add();
    for (let at = 0; at < MAX_SERIES; at++) family.with(`t${at}`).add();
    family.with(long).add();
    const [first] = prometheusText(registry.read())
      .split('\n')
      .filter((line) => line.startsWith('x_total{tool="lll'));
    expect(first?.endsWith(' 2')).toBe(true);
  });
});

describe('R: the name of a span', () => {
  it('is no text of a client', () => {
    expect(spanName('tools/call', 'my password is hunter2 / anything at all')).not.toContain('hunter2');
  });
});
