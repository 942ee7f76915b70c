import { GatewayError } from '@omni/ports';
import type { Page } from './plain-answers.ts';

/**
 * Where clients without a token look for an authorization server (RFC 8414, RFC 9728, RFC 7591; MCP
 * 2025-03-26, basic/authorization).
 */
export const OAUTH_PATH: RegExp = /^\/(?:register|authorize|token)$|\/\.well-known\/(?:oauth|openid)-/;

const { code, message, hint, facts } = new GatewayError('OMNI_OAUTH_UNSUPPORTED', 'Omni has no OAuth');

/** Says so in the form of their errors (RFC 6749, section 5.2): it is what clients show to their users. */
export const NO_OAUTH: Page = {
  status: facts.httpStatus,
  contentType: 'application/json',
  body: JSON.stringify({ error: 'invalid_request', error_description: `${message}. ${hint} (${code})` }),
};
