import type { Exchange, RequestFacts } from '@omni/ports';

/**
 * A request as far as it decides who may use which endpoint: every `Exchange`, and a request for an upgrade.
 */
export type EndpointRequest = RequestFacts & Pick<Exchange, 'onGone'>;
