import { isOwner, type Principal } from '@omni/ports';
import { type MetricRegistry, PROMETHEUS_TYPE, prometheusText } from '@omni/telemetry';
import type { Page } from '../health-pages.ts';

const REFUSED = 'Metrics are for the owner of Omni: send the token of the owner as a bearer token.\n';

/**
 * `/metrics` for whoever may read the owner's part of the health pages; `undefined` for other paths.
 *
 * @param principal - Who asks; `undefined` for strangers.
 * @param isOpen - Whether everybody is this principal.
 */
export function metricsPage(
  metrics: MetricRegistry,
  path: string,
  principal: Principal | undefined,
  isOpen: boolean,
): Page | undefined {
  if (path !== '/metrics') return undefined;
  const isForOwner = principal !== undefined && (isOpen || isOwner(principal));
  return /* guard: metrics/owner */ isForOwner
    ? { status: 200, contentType: PROMETHEUS_TYPE, body: prometheusText(metrics.read()) }
    : { status: 403, contentType: 'text/plain; charset=utf-8', body: REFUSED };
}
