import type { PrincipalLimits } from './principal.ts';

/** How principals are known beside tokens of the configuration; durations in milliseconds. */
export interface IdentitySettings {
  /** Address under which clients reach Omni, without `/mcp` and without a slash at its end. */
  readonly publicUrl?: string;
  /** Names and identifiers are unique. */
  readonly issuers: readonly IssuerSettings[];
  readonly proxy?: ProxySettings;
  readonly keys?: KeySettings;
}

/** An identity provider whose tokens are taken. */
export interface IssuerSettings {
  /** Begins the ids of its principals: letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  /** Exactly as it stands in tokens (`iss`). */
  readonly issuer: string;
  /** Where its keys are. Absent: as its metadata say (RFC 8414, OpenID Connect Discovery). */
  readonly jwksUrl?: string;
  /** Of signatures; symmetric ones are never taken. */
  readonly algorithms: readonly string[];
  /** Taken as audience (`aud`) at every endpoint, beside the address of the endpoint itself. */
  readonly audiences: readonly string[];
  /** What a token must have; without them its bearer is told to come back with more. */
  readonly requiredScopes: readonly string[];
  /** Claims that hold groups and tenant; dots lead into objects. */
  readonly claims: { readonly groups: string; readonly tenant?: string };
  /** How long a token is known without being checked again; never beyond its end. */
  readonly cacheMs: number;
  /** Asked about tokens that are no JWT. Absent: these are refused. */
  readonly introspection?: IntrospectionSettings;
}

/** @see RFC 7662. */
export interface IntrospectionSettings {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A reverse proxy that says who its clients are. */
export interface ProxySettings {
  /** Where it comes from: addresses, or networks such as `10.0.0.0/8`. */
  readonly addresses: readonly string[];
  /** Headers, in lower case. */
  readonly userHeader: string;
  readonly groupsHeader?: string;
}

/** Keys of agents and programs. */
export interface KeySettings {
  /** What they are hashed with: 32 bytes at least. */
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly records: readonly ApiKeyRecord[];
}

/** What is kept of an API key; nobody can make the key of it. */
export interface ApiKeyRecord {
  /** Becomes the id of the principal, behind `key:`. */
  readonly name: string;
  /** HMAC-SHA-256 of the whole key, in hexadecimal digits. */
  readonly mac: string;
  /** Milliseconds since the epoch. Absent: never. */
  readonly expiresAt?: number;
  /** Absent: it may use whatever a policy allows. */
  readonly limits?: PrincipalLimits;
}
