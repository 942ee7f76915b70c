import { describe, expect, it } from '@jest/globals';
import { parseConfigurationText, startHttpGateway } from '@omni/container/node';
import { silentLogger } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf } from '@omni/testing';
import { startCollector } from './collector.fixture.ts';
import { telemetryExporter } from './telemetry-exporter.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

function configurationOf(otlp: object) {
  const text = JSON.stringify({ auth: { mode: 'open' }, telemetry: { otlp } });
  return parseConfigurationText(text, 'omni.json', {});
}

/** A modern server with one tool, which keeps the traceparent of each call. */
function toolServer() {
  const traceparents: string[] = [];
  const results: Readonly<Record<string, object>> = {
    'server/discover': {
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      serverInfo: { name: 'files', version: '1' },
    },
    'tools/list': { tools: [{ name: 'read', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [], isError: true },
  };
  const server = new ScriptedServer((message, instance) => {
    if (message.id === undefined) return;
    const result = results[message.method ?? ''];
    if (message.method === 'tools/call')
      traceparents.push(/"traceparent":"([^"]+)"/.exec(JSON.stringify(message))?.[1] ?? '');
    if (result === undefined) instance.refuse(message, -32601);
    else instance.reply(message, JSON.stringify({ resultType: 'complete', ...result }));
  });
  const spec = upstreamSpecOf({ kind: 'channel', open: server.open }, { name: 'files' });
  return { traceparents, spec };
}

async function callTool(url: string): Promise<unknown> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'files__read',
      traceparent: `00-${TRACE}-${PARENT}-01`,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: { name: 'files__read', _meta },
    }),
  });
  return await response.json();
}

describe('telemetryExporter', () => {
  it.each([
    ['nobody names a collector', {}, {}],
    ['the environment names none', {}, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
    ['the environment switches it off', { endpoint: 'http://127.0.0.1:1' }, { OTEL_SDK_DISABLED: 'true' }],
  ])('is not there where %s', async (_when, otlp, environment) => {
    expect(await telemetryExporter(configurationOf(otlp), environment)).toBeUndefined();
  });

  it('sends spans and metrics to the collector that the environment names [S000-OBS-03] [S002-DG-01]', async () => {
    const collector = await startCollector();
    const { traceparents, spec } = toolServer();
    const configuration = { ...configurationOf({}), upstreams: [spec] };
    const exporter = await telemetryExporter(configuration, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    });
    const gateway = await startHttpGateway({
      // Holds: the gateway reads nothing else of an entry.
      configuration: configuration as ReturnType<typeof configurationOf>,
      environment: {},
      listen: '127.0.0.1:0',
      logger: silentLogger,
      exporter,
    });
    await gateway.server.whenSettled();
    expect(await callTool(gateway.url)).toMatchObject({ id: 7, result: { isError: true } });
    await gateway.stop({ deadlineMs: 0 });
    await collector.close();

    const server = collector.spans.find(({ kind }) => kind === 2);
    const client = collector.spans.find(({ kind }) => kind === 3);
    expect(server).toMatchObject({ name: 'tools/call files__read', traceId: TRACE, parentSpanId: PARENT });
    expect(client).toMatchObject({
      name: 'tools/call read',
      traceId: TRACE,
      parentSpanId: server?.spanId,
      attributes: { 'omni.upstream': 'files', 'error.type': 'tool_error', 'gen_ai.tool.name': 'read' },
    });
    // The server belongs to the span of the call.
    expect(traceparents).toEqual([`00-${TRACE}-${client?.spanId}-01`]);
    const names = new Map(collector.metrics.map((metric) => [metric.name, metric]));
    expect(names.get('mcp.server.operation.duration')).toMatchObject({
      unit: 's',
      points: [{ attributes: { 'mcp.method.name': 'tools/call' }, value: 1 }],
    });
    expect(names.get('mcp.client.operation.duration')?.points).toContainEqual({
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'read',
        'error.type': 'tool_error',
        'omni.upstream': 'files',
      },
      value: 1,
    });
    expect(names.get('omni.build.info')?.points[0]?.value).toBe(1);
    expect(collector.resources[0]).toMatchObject({ 'service.name': 'omni' });
  });
});
