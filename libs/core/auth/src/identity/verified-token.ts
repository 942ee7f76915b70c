import type { IssuerSettings, Principal } from '@omni/ports';

/** A token that its issuer vouches for; whether it may be used here is decided for each request. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly issuer: IssuerSettings;
  /** Whom it is meant for (`aud`). */
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch; `undefined` where the issuer does not say. */
  readonly expiresAt: number | undefined;
  /** SHA-256 of the certificate that has to be shown with it, in base64url (RFC 8705). */
  readonly certificate: string | undefined;
}

/** What is wrong with credentials. For whoever runs Omni, never for who has sent them. */
export type RefusalReason =
  | 'missing'
  | 'malformed'
  | 'unknown'
  | 'expired'
  | 'not_yet_valid'
  | 'signature'
  | 'algorithm'
  | 'issuer'
  | 'audience'
  | 'scope'
  | 'proof'
  | 'claims'
  | 'inactive'
  | 'unavailable';

/** A token that is refused. */
export interface RefusedToken {
  readonly refused: RefusalReason;
}
