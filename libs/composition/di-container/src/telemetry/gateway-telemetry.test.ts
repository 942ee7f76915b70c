import { describe, expect, it } from '@jest/globals';
import { coordinatorProgram, InlineRoleHost } from '@omni/coordinator';
import type { OmniEvent } from '@omni/events';
import { DEFAULT_LIFECYCLE, type LogFields, type Logger, type RoleHost, silentLogger } from '@omni/ports';
import { prometheusText } from '@omni/telemetry';
import { RecordingExchange, VirtualClock } from '@omni/testing';
import { createMasterServer } from '../create-master-server.ts';
import type { GatewayConfigurationInput } from '../gateway-options.ts';
import { SceneClient, ToolServer } from '../gateway-scene.fixture.ts';
import type { MasterServer } from '../master-server.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const OWNER_TOKEN = 'owner-token-0123456789';
const ADA_TOKEN = 'ada-token-0123456789';
const AUTH = {
  mode: 'token',
  token: OWNER_TOKEN,
  tokens: [{ name: 'ada', token: ADA_TOKEN }],
} as const;

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

interface Scene extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly server: MasterServer;
  readonly events: OmniEvent[];
  readonly lines: Line[];
  call(meta?: object): Promise<string>;
  samples(start: string): readonly string[];
}

async function gateway(configuration: GatewayConfigurationInput = {}, answersAfterMs = 0): Promise<Scene> {
  const clock = new VirtualClock();
  const lines: Line[] = [];
  const to =
    (level: string) =>
    (fields: LogFields, message: string): void =>
      void lines.push({ level, message, fields });
  const logger: Logger = {
    debugging: true,
    debug: to('debug'),
    info: to('info'),
    warn: to('warn'),
    error: to('error'),
  };
  const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'], era: 'modern', answersAfterMs });
  const server = createMasterServer({
    configuration: { auth: AUTH, ...configuration, upstreams: [{ ...spec, lifecycle: DEFAULT_LIFECYCLE }] },
    clock,
    random: () => 0,
    logger,
  });
  const events: OmniEvent[] = [];
  server.events.listen((event) => void events.push(event));
  await server.start();
  await clock.advanceAsync(0);
  const client = new SceneClient(server);
  return {
    clock,
    server,
    events,
    lines,
    call: (meta = {}) =>
      client.request('tools/call', {
        name: 'files__read',
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          ...meta,
        },
      }),
    samples: (start) =>
      prometheusText(server.metrics?.read() ?? [])
        .split('\n')
        .filter((line) => line.startsWith(start)),
    [Symbol.asyncDispose]: () => server.stop({ deadlineMs: 0 }),
  };
}

async function page(server: MasterServer, token?: string): Promise<RecordingExchange> {
  const exchange = new RecordingExchange({
    method: 'GET',
    path: '/metrics',
    headers: ['host', '127.0.0.1:7431', ...(token === undefined ? [] : ['authorization', `Bearer ${token}`])],
  });
  server.handle(exchange);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return exchange;
}

describe('the metrics of a gateway', () => {
  it('measure requests, calls, servers and what waits, from the first moment [S000-OBS-02] [S003-GO-04]', async () => {
    await using scene = await gateway();
    const answered = scene.call();
    await scene.clock.advanceAsync(0);
    expect(await answered).toContain('files read');
    expect(scene.samples('mcp_server_operation_duration_seconds_count')).toEqual([
      'mcp_server_operation_duration_seconds_count{mcp_method_name="tools/call"} 1',
    ]);
    expect(scene.samples('mcp_client_operation_duration_seconds_count{mcp_method_name="tools/call"')).toEqual(
      [
        'mcp_client_operation_duration_seconds_count{mcp_method_name="tools/call",gen_ai_tool_name="read",omni_upstream="files"} 1',
      ],
    );
    expect(scene.samples('omni_build_info{')).toHaveLength(1);
    expect(scene.samples('omni_inflight_requests ')).toEqual(['omni_inflight_requests 0']);
    expect(scene.samples('omni_queue_depth ')).toEqual(['omni_queue_depth 0']);
  });

  // guard: metrics/owner
  it('are shown to the owner, and to no other user and no stranger', async () => {
    await using scene = await gateway();
    const [stranger, ada, owner] = [
      await page(scene.server),
      await page(scene.server, ADA_TOKEN),
      await page(scene.server, OWNER_TOKEN),
    ];
    expect([stranger.status, ada.status, owner.status]).toEqual([403, 403, 200]);
    for (const refused of [stranger, ada]) expect(refused.text()).not.toContain('omni_build_info');
    expect(owner.text()).toContain('omni_build_info{version="0.1.0"} 1\n');
    expect(owner.responseHeaders).toContain('text/plain; version=0.0.4; charset=utf-8');
  });

  it('of a server go with it', async () => {
    await using scene = await gateway();
    const calls = (): number => scene.samples('mcp_client_operation_duration_seconds_count{').length;
    expect(calls()).toBeGreaterThan(0);
    await scene.server.apply([]);
    expect(calls()).toBe(0);
  });

  it('are neither taken nor shown where they are switched off', async () => {
    await using scene = await gateway({ telemetry: { metrics: false } });
    expect(scene.server.metrics).toBeUndefined();
    expect((await page(scene.server, OWNER_TOKEN)).status).toBe(404);
  });
});

describe('the events of a gateway', () => {
  it('tell the life of a server, and the metrics show its state', async () => {
    await using scene = await gateway();
    const told = scene.events
      .filter(({ type }) => type.startsWith('upstream.'))
      .map(({ type, data }) => [type, data['status']]);
    expect(told).toEqual([
      ['upstream.started', 'disconnected'],
      ['upstream.connected', 'healthy'],
    ]);
    expect(scene.events.some(({ type }) => type === 'catalogue.changed')).toBe(true);
    expect(scene.samples('omni_upstream_state{')).toEqual([
      'omni_upstream_state{omni_upstream="files",state="healthy"} 1',
    ]);
    await scene.clock.advanceAsync(90_000);
    expect(scene.samples('mcp_server_uptime_seconds{')).toEqual([
      'mcp_server_uptime_seconds{server="files"} 90',
    ]);
    expect(scene.samples('mcp_probe_success_total{')[0]).toMatch(
      /^mcp_probe_success_total\{server="files"\} [23]$/,
    );
    expect(scene.samples('mcp_probe_latency_ms_count{')).toHaveLength(1);
  });

  it('say of each server that it was stopped, and the log too [S000-SHD-06]', async () => {
    const scene = await gateway();
    await scene.server.stop({ deadlineMs: 0 });
    await scene.clock.advanceAsync(0);
    expect(scene.lines.filter(({ message }) => message === 'Server Stop')).toMatchObject([
      { level: 'info', fields: { upstream: 'files', reason: 'shutdown', event: 'upstream.stopped' } },
    ]);
  });

  it('say it of each of many servers, which stop in one turn [S000-SHD-06]', async () => {
    const clock = new VirtualClock();
    const stopped = new Set<unknown>();
    const note = (fields: LogFields, message: string): void => {
      if (message === 'Server Stop') stopped.add(fields['upstream']);
    };
    const upstreams = Array.from(
      { length: 150 },
      (_, at) => new ToolServer({ clock, name: `s${at}`, tools: ['t'] }).spec,
    );
    const logger = { ...silentLogger, info: note };
    const server = createMasterServer({ configuration: { upstreams }, clock, random: () => 0, logger });
    await server.start();
    await clock.advanceAsync(10_000);
    await server.stop({ deadlineMs: 0 });
    await clock.advanceAsync(0);
    expect(stopped.size).toBe(150);
  });

  it('tell of a coordinator that was restarted', async () => {
    const clock = new VirtualClock();
    const inline = new InlineRoleHost(coordinatorProgram({ clock, random: () => 0 }));
    const exits: ((reason: string) => void)[] = [];
    const coordinator: RoleHost = {
      sharesMemory: true,
      start(data, listener) {
        exits.push((reason) => listener.onExit(reason));
        return inline.start(data, listener);
      },
    };
    const { spec } = new ToolServer({ clock, name: 'files', tools: ['read'] });
    const server = createMasterServer({
      configuration: { upstreams: [spec] },
      clock,
      random: () => 0,
      coordinator,
    });
    const events: OmniEvent[] = [];
    server.events.listen((event) => void events.push(event));
    await server.start();
    await clock.advanceAsync(5_000);
    exits[0]?.('died');
    await clock.advanceAsync(30_000);
    await server.stop({ deadlineMs: 0 });
    expect(events.find(({ type }) => type === 'coordinator.restarted')).toMatchObject({
      severity: 'critical',
      source: { role: 'coordinator' },
    });
  });

  it('tell of a call that its deadline has ended, and the log joins it by its trace [S000-GRD-04] [S002-DG-03]', async () => {
    await using scene = await gateway({}, 3_600_000);
    const answered = scene.call({ traceparent: `00-${TRACE}-b7ad6b7169203331-01` });
    await scene.clock.advanceAsync(61_000);
    expect(await answered).toContain('OMNI_UPSTREAM_TIMEOUT');
    await scene.clock.advanceAsync(0);
    expect(scene.events.find(({ type }) => type === 'request.timeout')).toMatchObject({
      subject: { server: 'files', principal: 'local' },
      data: { method: 'tools/call' },
      acl: { servers: ['files'], minRole: 'owner', principal: 'local' },
      trace: TRACE,
      severity: 'warn',
    });
    const joined = scene.lines.filter(({ fields }) => fields['traceId'] === TRACE);
    expect(joined).toMatchObject([
      {
        level: 'warn',
        fields: { requestId: '0000-1', code: 'OMNI_OUTCOME_UNKNOWN', cause: 'OMNI_UPSTREAM_TIMEOUT' },
      },
      { level: 'debug', message: 'request', fields: { requestId: '0000-1' } },
      { level: 'warn', message: 'Timeout', fields: { upstream: 'files', event: 'request.timeout' } },
    ]);
  });

  it('tell of definitions that are in force, and of those that were refused', async () => {
    await using scene = await gateway();
    await scene.server.apply([]);
    const [wrong] = [{ name: '' }];
    // Code without types gives anything.
    await expect(scene.server.apply([wrong as never])).rejects.toThrow();
    await scene.clock.advanceAsync(0);
    const told = scene.events.filter(({ type }) => type.startsWith('config.'));
    expect(told).toMatchObject([
      { type: 'config.reloaded', data: { removed: ['files'] }, acl: { minRole: 'owner' } },
      { type: 'config.error', data: { code: 'OMNI_CONFIG_INVALID' }, acl: { minRole: 'owner' } },
    ]);
    expect(scene.samples('omni_config_reloads_total')).toEqual([
      'omni_config_reloads_total{result="success"} 1',
      'omni_config_reloads_total{result="failure"} 1',
    ]);
  });

  it('tell of each level that changes [S000-HLT-05]', async () => {
    const scene = await gateway();
    await scene.server.stop({ deadlineMs: 0 });
    await scene.clock.advanceAsync(0);
    const changes = scene.events.filter(({ subject }) => subject.component === 'upstream:files');
    expect(changes[0]).toMatchObject({ type: 'health.changed', subject: { server: 'files' } });
    expect(changes.map(({ data }) => data['level'])).toContain('ok');
    expect(changes.every(({ data }) => data['level'] !== data['previousLevel'])).toBe(true);
  });
});
