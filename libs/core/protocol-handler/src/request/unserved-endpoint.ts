import type { CatalogueViews, Endpoint } from '@omni/model';
import { GatewayError } from '@omni/ports';

/**
 * Why an endpoint has nothing to show, when its server is not configured any more: clients on a channel stay
 * when that happens, and an empty list would tell them that the server has nothing to offer.
 */
export function unservedBy(
  views: Pick<CatalogueViews, 'serves'>,
  endpoint: Endpoint,
): GatewayError | undefined {
  if (endpoint.kind === 'all' || /* guard: endpoint/removed */ views.serves(endpoint)) return undefined;
  return new GatewayError('OMNI_SERVER_UNKNOWN', `There is no server "${endpoint.server}" any more`, {
    hint: 'Connect to another endpoint, or wait until the server is configured again.',
  });
}
