import type { HistogramFacts, MetricFacts } from '@omni/ports';

/*
 * Names of the MCP conventions of OpenTelemetry (GenAI semantic conventions, status Development, as read in
 * November 2026), and Omni's own.
 */

export const ATTRIBUTES = {
  method: 'mcp.method.name',
  sessionId: 'mcp.session.id',
  errorType: 'error.type',
  tool: 'gen_ai.tool.name',
  prompt: 'gen_ai.prompt.name',
  operation: 'gen_ai.operation.name',
  requestId: 'jsonrpc.request.id',
  statusCode: 'rpc.response.status_code',
  transport: 'network.transport',
  upstream: 'omni.upstream',
} as const;

/** What stands in `error.type` where a tool says that it has failed. */
export const TOOL_ERROR = 'tool_error';

const DURATIONS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
/** For percentiles: from a tenth of a millisecond, each a third more. */
export const FINE_DURATIONS: readonly number[] = Array.from({ length: 52 }, (_, at) => 0.0001 * 1.33 ** at);
const LATENCIES_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

const { method, errorType, tool, transport, upstream } = ATTRIBUTES;

export const SERVER_DURATION: HistogramFacts = {
  name: 'mcp.server.operation.duration',
  help: 'Duration of requests of clients, from when they were read to their end.',
  unit: 's',
  labels: [method, errorType],
  buckets: DURATIONS,
};
export const CLIENT_DURATION: HistogramFacts = {
  name: 'mcp.client.operation.duration',
  help: 'Duration of requests to servers, also those that Omni makes for itself.',
  unit: 's',
  labels: [method, tool, errorType, transport, upstream],
  owner: upstream,
  buckets: DURATIONS,
};
export const REQUEST_QUANTILES: MetricFacts = {
  name: 'omni.request.duration.quantile',
  help: 'Quantiles of the duration of requests in the last one to two minutes.',
  unit: 's',
  labels: ['quantile'],
};
export const SPAWNS: MetricFacts = {
  name: 'mcp_server_spawn',
  help: 'Processes of servers that were started.',
  labels: ['server'],
  owner: 'server',
};
export const EXITS: MetricFacts = {
  name: 'mcp_server_exit',
  help: 'Processes of servers that ended, by exit code or signal.',
  labels: ['server', 'code'],
  owner: 'server',
};
export const RESTARTS: MetricFacts = {
  name: 'mcp_server_restart',
  help: 'Attempts to bring a server back.',
  labels: ['server'],
  owner: 'server',
};
export const RESTART_REASONS: MetricFacts = {
  name: 'omni.upstream.restarts',
  help: 'Attempts to bring a server back, by what it had failed with.',
  labels: ['reason'],
};
export const PROBE_SUCCESSES: MetricFacts = {
  name: 'mcp_probe_success',
  help: 'Probes that a server has answered.',
  labels: ['server'],
  owner: 'server',
};
export const PROBE_FAILURES: MetricFacts = {
  name: 'mcp_probe_fail',
  help: 'Probes that a server has not answered.',
  labels: ['server'],
  owner: 'server',
};
export const PROBE_LATENCY: HistogramFacts = {
  name: 'mcp_probe_latency_ms',
  help: 'How long servers took to answer a probe, in milliseconds.',
  labels: ['server'],
  owner: 'server',
  buckets: LATENCIES_MS,
};
export const PROBE_DURATION: HistogramFacts = {
  name: 'omni.upstream.probe.duration',
  help: 'How long servers took to answer a probe.',
  unit: 's',
  labels: [upstream],
  owner: upstream,
  buckets: DURATIONS,
};
export const UPTIME: MetricFacts = {
  name: 'mcp_server_uptime',
  help: 'How long a server has been up.',
  unit: 's',
  labels: ['server'],
};
export const UPSTREAM_STATE: MetricFacts = {
  name: 'omni.upstream.state',
  help: '1 for the state that a server is in.',
  labels: [upstream, 'state'],
};
export const UPSTREAM_UP: MetricFacts = {
  name: 'omni.upstream.up',
  help: '1 where calls of a server are taken.',
  labels: [upstream],
};
export const CIRCUIT_STATE: MetricFacts = {
  name: 'omni.circuit.state',
  help: 'Circuit breaker of a server: 0 closed, 1 half open, 2 open.',
  labels: [upstream],
};
export const CIRCUIT_TRANSITIONS: MetricFacts = {
  name: 'omni.circuit.transitions',
  help: 'Changes of circuit breakers.',
  labels: ['from', 'to'],
};
export const IN_FLIGHT: MetricFacts = {
  name: 'omni.inflight.requests',
  help: 'Requests of clients that run.',
};
export const WAITING: MetricFacts = {
  name: 'omni.waiting.requests',
  help: 'Requests of clients that wait for a place among those that run.',
};
export const QUEUE_DEPTH: MetricFacts = {
  name: 'omni.queue.depth',
  help: 'Calls that wait for their server to start.',
};
export const UPSTREAM_IN_FLIGHT: MetricFacts = {
  name: 'omni.upstream.inflight',
  help: 'Calls of a server that are under way, or wait for it to start.',
  labels: [upstream],
};
export const UPSTREAM_LIMIT: MetricFacts = {
  name: 'omni.upstream.limit',
  help: 'How many calls of a server may be under way.',
  labels: [upstream],
};
export const UPSTREAM_WAITING: MetricFacts = {
  name: 'omni.upstream.waiting',
  help: 'Calls of a server that wait for their turn.',
  labels: [upstream],
};
export const ERROR_BUDGET_SPENT: MetricFacts = {
  name: 'omni.upstream.error_budget.spent',
  help: '1 where more has failed of what was asked of a server than may.',
  labels: [upstream],
};
export const MEMORY_PRESSURE: MetricFacts = {
  name: 'omni.memory.pressure',
  help: 'How nearly full the heap is: 0 there is room, 1 new requests are refused, 2 all but health is.',
};
export const BUILD_INFO: MetricFacts = {
  name: 'omni.build.info',
  help: '1; its labels say what runs.',
  labels: ['version'],
};
export const CONFIG_RELOADS: MetricFacts = {
  name: 'omni.config.reloads',
  help: 'Definitions of servers that were put into force at run time, or refused.',
  labels: ['result'],
};
