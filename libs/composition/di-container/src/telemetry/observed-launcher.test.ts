import { describe, expect, it } from '@jest/globals';
import type { NewEvent } from '@omni/events';
import type { ChildChannel, ChildLauncher, ChildSpec } from '@omni/ports';
import { MetricRegistry, prometheusText, UpstreamMeter } from '@omni/telemetry';
import { RecordingListener, VirtualClock } from '@omni/testing';
import { observedLauncher } from './observed-launcher.ts';

const SPEC: ChildSpec = {
  upstream: 'files',
  command: '/opt/hunter2-secret/bin/server',
  args: ['--token', 'hunter2-secret'],
  env: {},
  secretValues: () => ['hunter2-secret'],
  onReport() {},
  maxMessageBytes: 1_000,
};

function scene(pid: number | undefined) {
  const launched: ChildSpec[] = [];
  const channel: ChildChannel = { pid, send: () => true, close: () => Promise.resolve() };
  const launcher: ChildLauncher = {
    launch(spec) {
      launched.push(spec);
      return channel;
    },
    close: () => Promise.resolve(),
  };
  const events: NewEvent[] = [];
  const registry = new MetricRegistry();
  const observed = observedLauncher({
    launcher,
    publish: (event) => void events.push(event),
    meter: new UpstreamMeter(registry, new VirtualClock(), () => []),
  });
  const samples = (start: string) =>
    prometheusText(registry.read())
      .split('\n')
      .filter((line) => line.startsWith(start));
  return { observed, launched, events, samples };
}

describe('observedLauncher', () => {
  // guard: process/command-secrets
  it('tells of a process that was started, to the owner, without secrets [S000-PROC-02]', () => {
    const { observed, events, samples } = scene(4711);
    observed.launch(SPEC, new RecordingListener());
    expect(events).toEqual([
      {
        type: 'process.started',
        subject: { server: 'files' },
        data: { pid: 4711, command: '/opt/***/bin/server' },
        acl: { servers: ['files'], minRole: 'owner' },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('hunter2');
    expect(samples('mcp_server_spawn_total')).toEqual(['mcp_server_spawn_total{server="files"} 1']);
  });

  it('tells how it ended, with code or signal [S000-PROC-05]', () => {
    const { observed, launched, events, samples } = scene(4711);
    const exits: unknown[] = [];
    observed.launch({ ...SPEC, onExit: (exit) => exits.push(exit) }, new RecordingListener());
    launched[0]?.onExit?.({ code: 0, signal: null });
    launched[0]?.onExit?.({ code: null, signal: 'SIGKILL' });
    expect(events.slice(1)).toMatchObject([
      { type: 'process.exited', severity: 'info', data: { pid: 4711, code: 0, signal: null } },
      { type: 'process.exited', severity: 'warn', data: { pid: 4711, code: null, signal: 'SIGKILL' } },
    ]);
    expect(exits).toHaveLength(2);
    expect(samples('mcp_server_exit_total')).toEqual([
      'mcp_server_exit_total{server="files",code="0"} 1',
      'mcp_server_exit_total{server="files",code="SIGKILL"} 1',
    ]);
  });

  it('counts nothing that could not be started', () => {
    const { observed, events, samples } = scene(undefined);
    observed.launch(SPEC, new RecordingListener());
    expect(events).toEqual([]);
    expect(samples('mcp_server_spawn_total{')).toEqual([]);
  });
});
