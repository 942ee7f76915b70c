import { GatewayError, type Principal } from '@omni/ports';

/** A token that opens Omni. */
export interface AcceptedToken {
  /** Free of secrets; becomes the id of the principal. */
  readonly id: string;
  readonly token: string;
}

export interface TokenCheckOptions {
  /** `open`: everybody may ask and is anonymous. `token`: only who shows one of `tokens`; nobody when there are none. */
  readonly mode: 'token' | 'open';
  readonly tokens: readonly AcceptedToken[];
}

/** Longest token that is looked at, in characters (a header is Latin-1: also in bytes). */
const MAX_TOKEN_LENGTH = 4096;
const LONGEST_HEADER = 'Bearer '.length + MAX_TOKEN_LENGTH;
/** RFC 6750, section 2.1, with every visible character allowed in the token. */
const BEARER = /^bearer +([\u0021-\u007e]+)$/i;
const BEARER_WITH_TOKEN = /^bearer +[^ ]/i;
const ANONYMOUS: Principal = Object.freeze({ id: 'anonymous', kind: 'anonymous' });
const MESSAGE = 'The request carries no valid token';

/** Says who asks from the `Authorization` header of a request. */
export class TokenCheck {
  readonly #isOpen: boolean;
  readonly #accepted: readonly { readonly token: string; readonly principal: Principal }[];
  // Made once: a flood of wrong tokens shall not cost a stack trace each. Which of the two it was decides the challenge alone.
  readonly #missing = new GatewayError('OMNI_AUTH_REQUIRED', MESSAGE);
  readonly #refused = new GatewayError('OMNI_AUTH_REQUIRED', MESSAGE);

  constructor(options: TokenCheckOptions) {
    this.#isOpen = options.mode === 'open';
    this.#accepted = options.tokens.map(({ id, token }) => ({ token, principal: Object.freeze({ id, kind: 'token' }) }));
  }

  /**
   * @param authorization - Value of the header as received; several headers joined with `, ` are refused.
   * @returns The principal, or `OMNI_AUTH_REQUIRED` in words that do not tell what was wrong. Every configured token is
   * compared in full, so the time depends on the length of what was sent and on nothing that was configured but its number.
   */
  authenticate(authorization: string | undefined): Principal | GatewayError {
    if (this.#isOpen) return ANONYMOUS;
    if (authorization === undefined || !BEARER_WITH_TOKEN.test(authorization)) return this.#missing;
    const sent = authorization.length > LONGEST_HEADER ? undefined : BEARER.exec(authorization)?.[1];
    if (sent === undefined) return this.#refused;
    let found: Principal | undefined;
    for (const { token, principal } of this.#accepted) if (isSame(sent, token)) found ??= principal;
    return found ?? this.#refused;
  }

  /**
   * @param error - What {@link authenticate} answered.
   * @returns Value of the `WWW-Authenticate` header (RFC 6750, section 3): with `error` only when a bearer token was sent.
   */
  challenge(error: GatewayError): string {
    return error === this.#refused ? 'Bearer realm="omni", error="invalid_token"' : 'Bearer realm="omni"';
  }
}

/** Compares without an early exit: the number of steps is the length of `sent`. */
function isSame(sent: string, token: string): boolean {
  let difference = sent.length ^ token.length;
  // Behind the end of the token charCodeAt is NaN, which counts as 0 here; the lengths differ then anyway.
  for (let at = 0; at < sent.length; at++) difference |= sent.charCodeAt(at) ^ token.charCodeAt(at);
  return difference === 0;
}
