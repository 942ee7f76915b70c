import type { CatalogueViews, Endpoint } from '@omni/model';
import { GatewayError } from '@omni/ports';

/**
 * Why an endpoint has nothing to show: its server is switched off, or is not configured any more, as clients
 * on a channel stay when that happens. An empty list would tell them that the server has nothing to offer.
 */
export function unservedBy(
  views: Pick<CatalogueViews, 'serves' | 'isOff'>,
  endpoint: Endpoint,
): GatewayError | undefined {
  if (endpoint.kind === 'all') return undefined;
  const { server } = endpoint;
  // guard: endpoint/removed
  if (!views.serves(endpoint))
    return new GatewayError('OMNI_SERVER_UNKNOWN', `There is no server "${server}" any more`, {
      hint: 'Connect to another endpoint, or wait until the server is configured again.',
    });
  // guard: endpoint/off
  if (views.isOff?.(endpoint) === true)
    return new GatewayError('OMNI_UPSTREAM_DISABLED', `"${server}" is switched off`);
  return undefined;
}
