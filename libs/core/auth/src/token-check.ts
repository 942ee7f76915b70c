import { GatewayError, type Principal } from '@omni/ports';
import { TokenTable, type AcceptedToken } from './token-table.ts';

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
  readonly #accepted: TokenTable;
  // Made once: a flood of wrong tokens shall not cost a stack trace each. Which of the two it was decides the challenge alone.
  readonly #missing = new GatewayError('OMNI_AUTH_REQUIRED', MESSAGE);
  readonly #refused = new GatewayError('OMNI_AUTH_REQUIRED', MESSAGE);

  constructor(options: TokenCheckOptions) {
    this.#isOpen = options.mode === 'open';
    this.#accepted = new TokenTable(options.tokens);
  }

  /**
   * @param authorization - Value of the header as received; several headers joined with `, ` are refused.
   * @returns The principal, or `OMNI_AUTH_REQUIRED` in words that do not tell what was wrong. The time depends on the length of
   * what was sent and on nothing that was configured.
   */
  authenticate(authorization: string | undefined): Principal | GatewayError {
    if (this.#isOpen) return ANONYMOUS;
    if (authorization === undefined || !BEARER_WITH_TOKEN.test(authorization))
      return /* guard: token/missing */ this.#missing;
    const sent =
      /* guard: token/length */ authorization.length > LONGEST_HEADER
        ? undefined
        : BEARER.exec(authorization)?.[1];
    if (sent === undefined) return this.#refused;
    return this.#accepted.find(sent) ?? /* guard: advisory/GHSA-rvq5, token/needed */ this.#refused;
  }

  /**
   * @param error - What {@link authenticate} answered.
   * @returns Value of the `WWW-Authenticate` header (RFC 6750, section 3): with `error` only when a bearer token was sent.
   */
  challenge(error: GatewayError): string {
    return error === this.#refused ? 'Bearer realm="omni", error="invalid_token"' : 'Bearer realm="omni"';
  }
}
