import type { ApiKeyRecord, IdentitySettings, IssuerSettings } from '@omni/ports';
import * as z from 'zod/mini';
import { NameTextSchema, SealingKeySchema, durationSchema } from './setting-schema.ts';

const MAX_ISSUERS = 32;
const MAX_KEYS = 10_000;
const ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const HEADER = /^[a-z0-9][a-z0-9-]{0,63}$/i;
/** Headers that clients or Omni use for something else. */
const TAKEN_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'host',
  'origin',
  'forwarded',
]);

const SecureAddressSchema = z
  .string()
  .check(
    z.regex(
      /^(?:https:\/\/[^\s/@?#]+|http:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?)(?:\/[^\s#]*)?$/,
      'must be an https: address, or an http: address of this machine',
    ),
  );
const PublicUrlSchema = z
  .string()
  .check(
    z.regex(
      /^https?:\/\/[a-z0-9.[\]:_-]+(?:\/[A-Za-z0-9._~-]+)*$/,
      'must be an address without a slash at its end, such as "https://omni.example.com"; the host in lower case',
    ),
  );
const HeaderSchema = z.pipe(
  z
    .string()
    .check(z.regex(HEADER, 'must be the name of a header'))
    .check(z.refine((name) => !TAKEN_HEADERS.has(name.toLowerCase()), 'is a header with another meaning')),
  z.transform((name) => name.toLowerCase()),
);

const IntrospectionSchema = z.strictObject({
  url: SecureAddressSchema.check(z.describe('Its introspection endpoint (RFC 7662).')),
  clientId: NameTextSchema.check(z.describe('Who Omni is there.')),
  clientSecret: NameTextSchema.check(z.describe('Proves it. Best written as ${SECRET:…} or ${NAME}.')),
});

const IssuerSchema = z.strictObject({
  name: z
    .string()
    .check(z.regex(NAME, 'must be 1 to 32 letters, digits and ._-'))
    .check(z.describe('Begins the ids of its users: name:subject.')),
  issuer: SecureAddressSchema.check(z.describe('Exactly as it stands in tokens (iss).')),
  jwks: z
    .optional(SecureAddressSchema)
    .check(z.describe('Address of its keys. Default: as its metadata say, which are looked for at issuer.')),
  algorithms: z
    ._default(z.array(z.enum(ALGORITHMS)).check(z.minLength(1)), ['RS256', 'PS256', 'ES256', 'EdDSA'])
    .check(z.describe('Signatures that are taken.')),
  audiences: z
    ._default(z.array(NameTextSchema), [])
    .check(
      z.describe(
        'Audiences (aud) that are taken at every endpoint, exactly. The address of an endpoint is always taken there: publicUrl with /mcp or /mcp/{server}.',
      ),
    ),
  scopes: z
    ._default(
      z.array(z.string().check(z.regex(/^[\u0021\u0023-\u005b\u005d-\u007e]+$/, 'must be a scope of OAuth'))),
      [],
    )
    .check(z.describe('Scopes that a token must have. A client without them is told which to ask for.')),
  groupsClaim: z
    ._default(NameTextSchema, 'groups')
    .check(z.describe('Claim that holds the groups of a user; dots lead into objects: realm_access.roles.')),
  tenantClaim: z
    .optional(NameTextSchema)
    .check(z.describe('Claim that holds the tenant. Default: there is none.')),
  cache: z
    .prefault(durationSchema({ allowZero: false }), '1m')
    .check(z.describe('How long a token is known before it is checked again; never beyond its own end.')),
  introspection: z
    .optional(IntrospectionSchema)
    .check(
      z.describe('Asked about tokens that are no JWT. One issuer can have it. Default: these are refused.'),
    ),
});

const ProxySchema = z.strictObject({
  addresses: z
    .array(NameTextSchema)
    .check(z.minLength(1))
    .check(
      z.describe(
        'Where the proxy comes from: addresses, or networks such as 10.0.0.0/8. Whoever can connect from there can be anybody.',
      ),
    ),
  userHeader: z
    ._default(HeaderSchema, 'x-forwarded-user')
    .check(z.describe('Header in which the proxy names the user. The proxy must take it away from clients.')),
  groupsHeader: z
    .optional(HeaderSchema)
    .check(z.describe('Header with the groups of the user, separated by commas. Default: there are none.')),
});

const KeySchema = z.strictObject({
  name: z
    .string()
    .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'must be 1 to 64 letters, digits and ._@-'))
    .check(z.describe('Name of the user of this key: it is the user key:name.')),
  mac: z
    .string()
    .check(z.regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits: the HMAC-SHA-256 of the key'))
    .check(z.describe('HMAC-SHA-256 of the key under secret, in hexadecimal digits.')),
  expires: z
    .optional(
      z.pipe(
        z
          .string()
          .check(
            z.regex(
              /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
              'must be a time such as "2027-01-31T12:00:00Z"',
            ),
          )
          .check(z.refine((text) => !Number.isNaN(Date.parse(text)), 'is no time that there is')),
        z.transform((text) => Date.parse(text)),
      ),
    )
    .check(z.describe('From when on it opens nothing. Default: never.')),
});

const KeysSchema = z.strictObject({
  secret: SealingKeySchema.check(
    z.describe(
      '32 random bytes in base64 that keys are hashed with. Best written as ${SECRET:…} or ${NAME}.',
    ),
  ),
  keys: z
    ._default(z.array(KeySchema).check(z.maxLength(MAX_KEYS)), [])
    .check(z.describe('What is kept of each key; the keys themselves are kept by those who use them.')),
});

/** How principals are known beside tokens of the configuration. */
export const IDENTITY_SHAPE = {
  publicUrl: z
    .optional(PublicUrlSchema)
    .check(
      z.describe(
        'Address under which clients reach Omni, without /mcp. Needed with issuers: tokens are for addresses.',
      ),
    ),
  issuers: z
    ._default(z.array(IssuerSchema).check(z.maxLength(MAX_ISSUERS)), [])
    .check(z.describe('Identity providers whose tokens are taken.')),
  proxy: z
    .optional(ProxySchema)
    .check(z.describe('A reverse proxy that says who its clients are. Default: none is believed.')),
  apiKeys: z.optional(KeysSchema).check(z.describe('Keys of agents and programs; they begin with omni_.')),
} as const;

/** Keys of each section, for suggestions. */
export const IDENTITY_KEYS: readonly (readonly [string, readonly string[]])[] = [
  ['auth.proxy', Object.keys(ProxySchema.shape)],
  ['auth.apiKeys', Object.keys(KeysSchema.shape)],
];

type Identity = {
  readonly [Name in keyof typeof IDENTITY_SHAPE]?: z.output<(typeof IDENTITY_SHAPE)[Name]> | undefined;
};

/** `undefined` where nothing is said: then tokens of the configuration are all there is. */
export function identityOf({
  publicUrl,
  issuers = [],
  proxy,
  apiKeys,
}: Identity): IdentitySettings | undefined {
  if (issuers.length === 0 && proxy === undefined && apiKeys === undefined) return undefined;
  return {
    ...(publicUrl !== undefined && { publicUrl }),
    issuers: issuers.map(issuerOf),
    ...(proxy !== undefined && {
      proxy: {
        addresses: proxy.addresses,
        userHeader: proxy.userHeader,
        ...(proxy.groupsHeader !== undefined && { groupsHeader: proxy.groupsHeader }),
      },
    }),
    ...(apiKeys !== undefined && {
      keys: {
        secret: apiKeys.secret,
        records: apiKeys.keys.map(({ name, mac, expires }): ApiKeyRecord => ({
          name,
          mac,
          ...(expires !== undefined && { expiresAt: expires }),
        })),
      },
    }),
  };
}

function issuerOf(given: z.output<typeof IssuerSchema>): IssuerSettings {
  const { name, issuer, jwks, algorithms, audiences, scopes, introspection } = given;
  return {
    name,
    issuer,
    ...(jwks !== undefined && { jwksUrl: jwks }),
    algorithms,
    audiences,
    requiredScopes: scopes,
    claims: {
      groups: given.groupsClaim,
      ...(given.tenantClaim !== undefined && { tenant: given.tenantClaim }),
    },
    cacheMs: given.cache,
    ...(introspection !== undefined && { introspection }),
  };
}
