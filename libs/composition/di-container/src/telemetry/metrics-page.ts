import { isOwner } from '@omni/ports';
import type { OpenPage } from '@omni/protocol';
import { type MetricRegistry, PROMETHEUS_TYPE, prometheusText } from '@omni/telemetry';

const REFUSED = 'Metrics are for the owner of Omni: send the token of the owner as a bearer token.\n';

/** `/metrics` for whoever may read the owner's part of the health pages; `undefined` for other paths. */
export function metricsPage(metrics: MetricRegistry, path: string): OpenPage | undefined {
  if (path !== '/metrics') return undefined;
  return (principal, isOpen) => {
    const isForOwner = principal !== undefined && (isOpen || isOwner(principal));
    return /* guard: metrics/owner */ isForOwner
      ? { status: 200, contentType: PROMETHEUS_TYPE, body: prometheusText(metrics.read()) }
      : { status: 403, contentType: 'text/plain; charset=utf-8', body: REFUSED };
  };
}
