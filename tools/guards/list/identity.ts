import type { Guard } from '../guard.ts';

/** Who somebody is: identity providers, proxies, API keys. */
export const IDENTITY_GUARDS: readonly Guard[] = [
  {
    name: 'identity/audience',
    against: 'A token for another service or endpoint opens this one.',
    rule: 'GHSA-rvq5-wwqv-78pq',
  },
  {
    name: 'identity/symmetric',
    against: 'A configured symmetric algorithm takes what an issuer publishes for a secret.',
    without: 'true',
  },
  {
    name: 'identity/token-type',
    against: 'A token that is issued for something else, such as a logout, lets its bearer in.',
    without: 'false',
  },
  {
    name: 'identity/proof',
    against: 'A token that is bound to a key works for whoever has stolen it.',
    without: 'undefined',
  },
  {
    name: 'identity/certificate',
    against: 'A token that is bound to a certificate works without it.',
  },
  {
    name: 'identity/scope',
    against: 'A token without the scopes that Omni asks for opens it.',
  },
  {
    name: 'identity/token-length',
    against: 'A token of any length is taken apart.',
  },
  {
    name: 'identity/https',
    against: 'Whoever is on the way to an identity provider says who its users are.',
    without: 'false',
  },
  {
    name: 'identity/metadata-issuer',
    against: 'Metadata of one issuer name the keys of another.',
  },
  {
    name: 'identity/keys-address',
    against: 'Keys are read from an address where they can be changed on the way.',
  },
  {
    name: 'identity/answer-size',
    against: 'An identity provider fills the memory.',
  },
  {
    name: 'identity/key-flood',
    against: 'Tokens with made-up keys make Omni flood its identity provider.',
  },
  {
    name: 'identity/kept-keys',
    against: 'Keys that nobody can read again count for good.',
    without: 'true',
  },
  {
    name: 'identity/active',
    against: 'A token that its issuer calls inactive opens Omni.',
  },
  {
    name: 'identity/cache-time',
    against: 'A token that was verified once is good for good.',
    without: 'false',
  },
  {
    name: 'identity/cache-end',
    against: 'A token is taken after its end while it is remembered.',
    rule: 'S002-AU-03',
    without: 'issuer.cacheMs',
  },
  {
    name: 'identity/cache-size',
    against: 'Verified tokens fill the memory.',
  },
  {
    name: 'identity/claims-length',
    against: 'What a provider says of its users fills the memory.',
  },
  {
    name: 'identity/proxy-address',
    against: 'Whoever sends the header of a proxy is who it says.',
    rule: 'S001-ARC-07',
  },
  {
    name: 'identity/proxy-twice',
    against: 'A client names itself in a header that its proxy adds to.',
  },
  {
    name: 'identity/key-expiry',
    against: 'An API key opens Omni after its end.',
  },
  {
    name: 'identity/audit-flood',
    against: 'A flood from many addresses fills the memory and the audit.',
    without: 'false',
  },
];
