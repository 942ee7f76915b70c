import { EventBus, FailureBurst, type OmniEvent } from '@omni/events';
import {
  BUILD_INFO,
  CallMeter,
  CONFIG_RELOADS,
  ERROR_BUDGET_SPENT,
  IN_FLIGHT,
  MEMORY_PRESSURE,
  QUEUE_DEPTH,
  RequestMeter,
  RequestTracer,
  UPSTREAM_IN_FLIGHT,
  UPSTREAM_LIMIT,
  UPSTREAM_WAITING,
  UpstreamMeter,
  WAITING,
} from '@omni/telemetry';
import type { MemoryPressure } from '@omni/call-policies';
import type { MetricFacts } from '@omni/ports';
import type { RequestWatch } from '@omni/protocol';
import type { Scope } from '../scope/scope.ts';
import { logEvent } from '../telemetry/event-lines.ts';
import { HealthEvents } from '../telemetry/health-events.ts';
import { UpstreamTelemetry } from '../telemetry/upstream-telemetry.ts';
import { Token } from '../token.ts';
import type { UpstreamLoad } from '../upstreams/upstream-health.ts';

const PRESSURES: readonly MemoryPressure[] = ['none', 'high', 'critical'];
const INSTANCE_DIGITS = 6;

/** What is told of events, measured and traced. */
export function registerTelemetry(scope: Scope): void {
  scope.register(Token.EventBus, {
    needs: { identity: Token.Identity, clock: Token.Clock, random: Token.Random, logger: Token.Logger },
    useFactory: ({ identity: { name }, clock, random, logger }) => {
      const number = Math.floor(random() * 36 ** INSTANCE_DIGITS);
      const bus = new EventBus({
        instance: `${name}-${number.toString(36).padStart(INSTANCE_DIGITS, '0')}`,
        clock,
        logger,
      });
      bus.listen((event) => logEvent(logger, event));
      return bus;
    },
  });
  scope.register(Token.UpstreamTelemetry, {
    needs: {
      events: Token.EventBus,
      registry: Token.UpstreamRegistry,
      metrics: Token.Metrics,
      clock: Token.Clock,
    },
    useFactory: ({ events, registry, metrics, clock }) => {
      const telemetry = new UpstreamTelemetry({
        publish: (event) => void events.publish(event, 'coordinator'),
        burst: new FailureBurst(clock),
        measure: metrics && ((records) => new UpstreamMeter(metrics, clock, records)),
      });
      registry.subscribe(() => {
        const names = new Set(registry.current.names);
        telemetry.keep(names);
        metrics?.keep(names);
      });
      return telemetry;
    },
  });
  scope.register(Token.CallMeter, {
    needs: { metrics: Token.Metrics, clock: Token.Clock },
    useFactory: ({ metrics, clock }) => (metrics === undefined ? undefined : new CallMeter(metrics, clock)),
  });
  scope.register(Token.RequestWatch, {
    needs: {
      configuration: Token.Configuration,
      metrics: Token.Metrics,
      tracer: Token.Tracer,
      clock: Token.Clock,
    },
    useFactory: ({ configuration: { limits }, metrics, tracer, clock }): RequestWatch | undefined => {
      if (metrics === undefined && tracer === undefined) return undefined;
      const meter = metrics === undefined ? undefined : new RequestMeter(metrics, clock);
      const requests = tracer === undefined ? undefined : new RequestTracer({ tracer, limits });
      return {
        ...(requests !== undefined && {
          begin: (message, client, header) => requests.begin(message, client, header),
        }),
        onSettled: (request, outcome) => meter?.onSettled(request, outcome),
      };
    },
  });
  scope.register(Token.Measurements, {
    needs: {
      events: Token.EventBus,
      metrics: Token.Metrics,
      identity: Token.Identity,
      protocol: Token.ProtocolHandler,
      limiter: Token.CallLimiter,
      upstreams: Token.UpstreamHealth,
      memory: Token.MemoryGuard,
      health: Token.HealthMonitor,
      measureRuntime: Token.MeasureRuntime,
    },
    useFactory: ({
      events,
      metrics,
      identity,
      protocol,
      limiter,
      upstreams,
      memory,
      health,
      measureRuntime,
    }) => {
      const healthEvents = new HealthEvents((event) => void events.publish(event));
      health.on('statusChanged', healthEvents.onStatusChanged);
      if (metrics === undefined) return { metrics, end() {} };
      metrics.gauge(BUILD_INFO, () => [[1, identity.version]]);
      metrics.gauge(IN_FLIGHT, () => [[Number(protocol.getStatus().details['inFlight'])]]);
      metrics.gauge(WAITING, () => [[Number(protocol.getStatus().details['waiting'])]]);
      metrics.gauge(QUEUE_DEPTH, () => [[limiter.waiting]]);
      const ofEach = (facts: MetricFacts, valueOf: (load: UpstreamLoad) => number): void =>
        metrics.gauge(facts, () => upstreams.loads().map(([name, load]) => [valueOf(load), name]));
      ofEach(UPSTREAM_IN_FLIGHT, ({ inFlight }) => inFlight);
      ofEach(UPSTREAM_LIMIT, ({ limit }) => limit);
      ofEach(UPSTREAM_WAITING, ({ waiting }) => waiting);
      ofEach(ERROR_BUDGET_SPENT, ({ errorBudget }) => (errorBudget?.isSpent === true ? 1 : 0));
      if (memory !== undefined) metrics.gauge(MEMORY_PRESSURE, () => [[PRESSURES.indexOf(memory.pressure)]]);
      const reloads = metrics.counter(CONFIG_RELOADS);
      events.listen(({ type }: OmniEvent) => {
        if (type === 'config.reloaded') reloads.with('success').add();
        if (type === 'config.error') reloads.with('failure').add();
      });
      const end = measureRuntime?.(metrics);
      return { metrics, end: () => end?.() };
    },
    dispose: (measurements) => measurements.end(),
  });
}
