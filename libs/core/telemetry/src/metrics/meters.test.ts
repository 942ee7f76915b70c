import { describe, expect, it } from '@jest/globals';
import type { SendCall } from '@omni/model';
import { NO_HISTORY, type UpstreamRecord } from '@omni/model';
import { GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { callStageContract } from '@omni/testing/contracts';
import { CALL, FACTS, messageOf, sent } from '../call-scene.fixture.ts';
import { CallMeter } from './call-meter.ts';
import { MetricRegistry } from './metric-registry.ts';
import { prometheusText } from './prometheus-text.ts';
import { RequestMeter } from './request-meter.ts';
import { UpstreamMeter } from './upstream-meter.ts';

function scene() {
  const clock = new VirtualClock();
  const registry = new MetricRegistry();
  const samples = (start: string): readonly string[] =>
    prometheusText(registry.read())
      .split('\n')
      .filter((line) => line.startsWith(start));
  return { clock, registry, samples };
}

describe('RequestMeter', () => {
  it('measures how long requests take by method and end, and their recent percentiles [S003-HM-04]', () => {
    const { clock, registry, samples } = scene();
    const meter = new RequestMeter(registry, clock);
    clock.advance(30);
    const message = { method: 'tools/call' };
    meter.onSettled({ message, arrivedMs: 0 }, { kind: 'message', payload: '', status: 200 });
    meter.onSettled(
      { message, arrivedMs: 0 },
      { kind: 'message', payload: '', status: 200, errorCode: '-32602' },
    );
    meter.onSettled(
      { message, arrivedMs: 0 },
      { kind: 'error', error: new GatewayError('OMNI_INTERNAL', 'x') },
    );
    meter.onSettled({ message, arrivedMs: 0 }, { kind: 'cancelled' });
    const count = 'mcp_server_operation_duration_seconds_count';
    expect(samples(count)).toEqual([
      `${count}{mcp_method_name="tools/call"} 1`,
      `${count}{mcp_method_name="tools/call",error_type="-32602"} 1`,
      `${count}{mcp_method_name="tools/call",error_type="OMNI_INTERNAL"} 1`,
      `${count}{mcp_method_name="tools/call",error_type="cancelled"} 1`,
    ]);
    expect(samples('mcp_server_operation_duration_seconds_sum')[0]).toMatch(/ 0\.03$/);
    const quantiles = samples('omni_request_duration_quantile_seconds');
    expect(quantiles.map((line) => line.split(' ')[0])).toEqual([
      'omni_request_duration_quantile_seconds{quantile="0.5"}',
      'omni_request_duration_quantile_seconds{quantile="0.95"}',
      'omni_request_duration_quantile_seconds{quantile="0.99"}',
    ]);
  });

  // guard: metrics/method
  it('makes no series of methods that somebody has thought of', () => {
    const { clock, registry, samples } = scene();
    const meter = new RequestMeter(registry, clock);
    for (let n = 0; n < 100; n++)
      meter.onSettled({ message: { method: `x/${n}` }, arrivedMs: 0 }, { kind: 'cancelled' });
    expect(samples('mcp_server_operation_duration_seconds_count')).toEqual([
      'mcp_server_operation_duration_seconds_count{mcp_method_name="other",error_type="cancelled"} 100',
    ]);
  });
});

describe('CallMeter', () => {
  callStageContract(it, {
    open: (next: SendCall) => new CallMeter(new MetricRegistry(), new VirtualClock()).stage(next, FACTS),
    call: CALL,
    message: messageOf('{"jsonrpc":"2.0","method":"notifications/message","params":{}}'),
  });

  // guard: metrics/error-code
  it('makes no series of error codes that a server has thought of', () => {
    const { clock, registry, samples } = scene();
    const meter = new CallMeter(registry, clock);
    for (let code = 0; code < 100; code++)
      sent(meter.stage).handler.onAnswer({
        kind: 'message',
        message: messageOf(`{"jsonrpc":"2.0","id":1,"error":{"code":${code},"message":"x"}}`),
        status: 200,
      });
    const requests = new RequestMeter(registry, clock);
    for (let code = 0; code < 100; code++)
      requests.onSettled(
        { message: { method: 'tools/call' }, arrivedMs: 0 },
        { kind: 'message', payload: '', status: 200, errorCode: String(code) },
      );
    expect(samples('mcp_client_operation_duration_seconds_count')).toEqual([
      expect.stringContaining('error_type="other"'),
    ]);
    expect(samples('mcp_server_operation_duration_seconds_count')).toEqual([
      expect.stringContaining('error_type="other"'),
    ]);
  });

  it('measures calls by tool, server and end', () => {
    const { clock, registry, samples } = scene();
    const meter = new CallMeter(registry, clock);
    const answered = (text: string): void =>
      sent(meter.stage).handler.onAnswer({ kind: 'message', message: messageOf(text), status: 200 });
    answered('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
    answered('{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}');
    answered('{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"x"}}');
    sent(meter.stage).handler.onAnswer({ kind: 'bytes', bytes: new Uint8Array(1), status: 200 });
    sent(meter.stage).handler.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'x'), 'sent');
    sent(meter.stage).running.cancel();
    const count = 'mcp_client_operation_duration_seconds_count';
    const labels = 'mcp_method_name="tools/call",gen_ai_tool_name="read"';
    const place = 'network_transport="tcp",omni_upstream="files"';
    expect(samples(count)).toEqual([
      `${count}{${labels},${place}} 2`,
      `${count}{${labels},error_type="tool_error",${place}} 1`,
      `${count}{${labels},error_type="-32602",${place}} 1`,
      `${count}{${labels},error_type="OMNI_UPSTREAM_EXITED",${place}} 1`,
      `${count}{${labels},error_type="cancelled",${place}} 1`,
    ]);
  });
});

describe('CallMeter, of what is not the time of a server', () => {
  const SUM = 'mcp_client_operation_duration_seconds_sum';

  // guard: metrics/asked
  it('leaves out how long a client takes to answer what the server asks', () => {
    const { clock, registry, samples } = scene();
    const { recorded, handler } = sent(new CallMeter(registry, clock).stage);
    const heard: string[] = [];
    const ask = (id: number, signal?: AbortSignal): void =>
      handler.onServerRequest(
        messageOf(`{"jsonrpc":"2.0","id":${id},"method":"elicitation/create"}`),
        (told) => heard.push(told instanceof GatewayError ? told.code : told.kind),
        signal,
      );
    clock.advance(100);
    const withdrawal = new AbortController();
    ask(1);
    ask(2, withdrawal.signal);
    clock.advance(5_000);
    recorded.serverRequests[0]?.answer(messageOf('{"jsonrpc":"2.0","method":"notifications/progress"}'));
    recorded.serverRequests[0]?.answer(new GatewayError('OMNI_CANCELLED', 'no'));
    clock.advance(5_000);
    withdrawal.abort();
    recorded.serverRequests[1]?.answer(messageOf('{"jsonrpc":"2.0","id":2,"result":{}}'));
    clock.advance(200);
    ask(3);
    clock.advance(7_000);
    handler.onAnswer({
      kind: 'message',
      message: messageOf('{"jsonrpc":"2.0","id":1,"result":{}}'),
      status: 200,
    });
    expect(heard).toEqual(['notification', 'OMNI_CANCELLED', 'response']);
    expect(samples(SUM)[0]).toMatch(/ 0\.3$/);
  });

  // guard: metrics/listens
  it('leaves out listening, which takes as long as somebody wants it', () => {
    const { clock, registry, samples } = scene();
    const { handler } = sent(new CallMeter(registry, clock).stage, {
      ...CALL,
      method: 'subscriptions/listen',
    });
    clock.advance(1_000_000);
    handler.onFailure(new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'), 'sent');
    expect(samples('mcp_client_operation_duration_seconds')).toEqual([]);
  });
});

describe('UpstreamMeter', () => {
  const error = { code: 'OMNI_UPSTREAM_EXITED', message: 'x', hint: 'y' } as const;
  const down = (since: number, circuit: 'failures' | null): UpstreamRecord => ({
    state: { phase: 'down', since, error, nextAttemptAt: 0, circuit },
    history: { ...NO_HISTORY, lastError: error },
  });

  it('has the names of seed 000 for processes, restarts and probes [X000-04]', () => {
    const { clock, registry, samples } = scene();
    const ready: UpstreamRecord = {
      state: {
        phase: 'ready',
        since: clock.now(),
        era: 'legacy',
        isTrial: false,
        isListed: true,
        hasListProblem: false,
        misses: 0,
        probeAt: null,
      },
      history: NO_HISTORY,
    };
    const meter = new UpstreamMeter(registry, clock, () => [
      ['files', ready],
      ['mail', down(0, 'failures')],
    ]);
    meter.onSpawned('files');
    meter.onExited('files', '3');
    meter.onExited('files', 'SIGKILL');
    meter.onRecoveryAttempt('files', down(0, null));
    meter.onProbed('files', 7);
    meter.onProbed('files', undefined);
    meter.onTransition(down(0, null), down(0, 'failures'));
    clock.advance(90_000);
    expect(samples('mcp_').filter((line) => !line.includes('_bucket'))).toEqual([
      'mcp_probe_fail_total{server="files"} 1',
      'mcp_probe_latency_ms_sum{server="files"} 7',
      'mcp_probe_latency_ms_count{server="files"} 1',
      'mcp_probe_success_total{server="files"} 1',
      'mcp_server_exit_total{server="files",code="3"} 1',
      'mcp_server_exit_total{server="files",code="SIGKILL"} 1',
      'mcp_server_restart_total{server="files"} 1',
      'mcp_server_spawn_total{server="files"} 1',
      'mcp_server_uptime_seconds{server="files"} 90',
    ]);
    expect(samples('omni_').filter((line) => !line.includes('_bucket'))).toEqual([
      'omni_circuit_state{omni_upstream="files"} 0',
      'omni_circuit_state{omni_upstream="mail"} 2',
      'omni_circuit_transitions_total{from="closed",to="open"} 1',
      'omni_upstream_probe_duration_seconds_sum{omni_upstream="files"} 0.007',
      'omni_upstream_probe_duration_seconds_count{omni_upstream="files"} 1',
      'omni_upstream_restarts_total{reason="OMNI_UPSTREAM_EXITED"} 1',
      'omni_upstream_state{omni_upstream="files",state="healthy"} 1',
      'omni_upstream_state{omni_upstream="mail",state="circuit_open"} 1',
      'omni_upstream_up{omni_upstream="files"} 1',
      'omni_upstream_up{omni_upstream="mail"} 0',
    ]);
  });
});
