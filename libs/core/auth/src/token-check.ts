import { GatewayError, type Principal, type Refusal, type RequestFacts } from '@omni/ports';
import { TokenTable, type AcceptedToken } from './token-table.ts';

export interface TokenCheckOptions {
  /**
   * `open`: everybody may ask and is anonymous. `token`: only who shows one of `tokens`; nobody when there
   * are none.
   */
  readonly mode: 'token' | 'open';
  readonly tokens: readonly AcceptedToken[];
}

/** Longest token that is looked at, in characters (a header is Latin-1: also in bytes). */
const MAX_TOKEN_LENGTH = 4096;
const LONGEST_HEADER = 'Bearer '.length + MAX_TOKEN_LENGTH;
/** RFC 6750, section 2.1, with every visible character allowed in the token. */
export const BEARER = /^bearer +([\u0021-\u007e]+)$/i;
const BEARER_WITH_TOKEN = /^bearer +[^ ]/i;
const ANONYMOUS: Principal = Object.freeze({ id: 'anonymous', kind: 'anonymous' });

/** Says who asks from the `Authorization` header of a request, at once and without allocating anything. */
export class TokenCheck {
  /** Whether it lets some in and others not: it has tokens, and is not open. */
  readonly isSelective: boolean;
  /** Whether everybody is let in, as the same one. */
  readonly isOpen: boolean;
  readonly #accepted: TokenTable;
  // Made once: a flood of wrong tokens shall not cost a stack trace each.
  readonly #missing: Refusal;
  readonly #refused: Refusal;

  constructor(options: TokenCheckOptions) {
    this.isOpen = options.mode === 'open';
    this.isSelective = !this.isOpen && options.tokens.length > 0;
    this.#accepted = new TokenTable(options.tokens);
    const error = new GatewayError('OMNI_AUTH_REQUIRED', 'The request carries no valid token');
    // RFC 6750, section 3: `error` only when a bearer token was sent.
    this.#missing = Object.freeze({ error, challenge: 'Bearer realm="omni"' });
    this.#refused = Object.freeze({ error, challenge: 'Bearer realm="omni", error="invalid_token"' });
  }

  /**
   * @param request - Several `Authorization` headers joined with `, ` are refused.
   * @returns The principal, or a refusal in words that do not tell what was wrong. The time depends on the
   * length of what was sent and on nothing that was configured.
   */
  authenticate(request: Pick<RequestFacts, 'header'>): Principal | Refusal {
    if (this.isOpen) return ANONYMOUS;
    const authorization = request.header('authorization');
    if (authorization === undefined || !BEARER_WITH_TOKEN.test(authorization))
      return /* guard: token/missing */ this.#missing;
    const sent =
      /* guard: token/length */ authorization.length > LONGEST_HEADER
        ? undefined
        : BEARER.exec(authorization)?.[1];
    if (sent === undefined) return this.#refused;
    return this.#accepted.find(sent) ?? /* guard: advisory/GHSA-rvq5, token/needed */ this.#refused;
  }
}
