import type { SecretText } from '@omni/ports';
import * as z from 'zod/mini';
import { locate, type LocatedValue } from '../document/located-value.ts';
import { NameTextSchema, durationSchema } from './setting-schema.ts';

/** Where secrets can be. */
export type SecretPlace = 'file' | 'keychain' | 'mounted' | 'environment' | 'vault';

/** How Omni comes by secrets; durations in milliseconds. */
export interface SecretsSettings {
  /** Who is asked for `${SECRET:…}`, in this order. */
  readonly chain: readonly SecretPlace[];
  /** Who stands in for one that cannot be asked. */
  readonly fallback: readonly SecretPlace[];
  /** Of `mounted`. */
  readonly folder: string;
  /** What keys of `file` are kept in, or wrapped by. */
  readonly key: 'file' | 'keychain' | 'vault';
  readonly ttlMs: number;
  readonly maxStaleMs: number;
  readonly timeoutMs: number;
  readonly rules: Readonly<Record<string, SecretRuleSettings>>;
  readonly vault?: VaultSettings;
}

/** Where a secret may go; what is absent is everything. */
export interface SecretRuleSettings {
  readonly servers?: readonly string[] | undefined;
  readonly hosts?: readonly string[] | undefined;
}

export interface VaultSettings {
  readonly address: string;
  readonly namespace?: string;
  /** Of the engine KV version 2. */
  readonly mount: string;
  readonly transitMount: string;
  readonly transitKey: string;
  readonly login:
    | { readonly kind: 'token'; readonly token: SecretText }
    | {
        readonly kind: 'approle';
        readonly mount: string;
        readonly roleId: SecretText;
        readonly secretId: SecretText;
      };
}

const PLACES = ['file', 'keychain', 'mounted', 'environment', 'vault'] as const;
const DurationSchema = durationSchema({ allowZero: false });
const PlacesSchema = z.array(z.enum(PLACES));

const VaultSchema = z.strictObject({
  address: z
    .string()
    .check(
      z.regex(
        /^https?:\/\/[^\s/@]+(?:\/\S*)?$/,
        'must be an address such as "https://vault.example.com:8200"',
      ),
    )
    .check(z.describe('Address of Vault or OpenBao: https:, or http: on this machine.')),
  namespace: z.optional(NameTextSchema).check(z.describe('Namespace that everything is in.')),
  mount: z._default(NameTextSchema, 'secret').check(z.describe('Where the engine KV version 2 is mounted.')),
  token: z
    .optional(z.string())
    .check(
      z.describe(
        'Token of Omni, best written as ${FILE:…}, ${KEYCHAIN:…} or ${NAME}: it is read anew for each login.',
      ),
    ),
  roleId: z.optional(z.string()).check(z.describe('With secretId in place of token: AppRole.')),
  secretId: z.optional(z.string()).check(z.describe('See roleId; best written as a reference.')),
  appRoleMount: z._default(NameTextSchema, 'approle').check(z.describe('Where AppRole is mounted.')),
  transitKey: z._default(NameTextSchema, 'omni').check(z.describe('Key that wraps others, with key: vault.')),
  transitMount: z._default(NameTextSchema, 'transit').check(z.describe('Where its engine is mounted.')),
});

const RuleSchema = z.strictObject({
  servers: z.optional(z.array(NameTextSchema)).check(z.describe('Servers that may have it. Default: all.')),
  hosts: z
    .optional(z.array(NameTextSchema))
    .check(
      z.describe(
        'Hosts that it may be sent to, with "*.example.com" for those below one. Default: all, and processes.',
      ),
    ),
});

/** Settings of `secrets` (S002-SE). */
export const SecretsSchema = z.strictObject({
  chain: z
    ._default(PlacesSchema, ['file'])
    .check(
      z.describe(
        'Where ${SECRET:name} is looked for, in this order; the first that takes secrets keeps those of omni secrets set. file is sealed, in the state folder of Omni; keychain is that of the user; mounted is a folder of files; environment has variables OMNI_SECRET_NAME; vault needs "vault".',
      ),
    ),
  fallback: z
    ._default(PlacesSchema, ['environment'])
    .check(z.describe('Who is asked where one cannot be: it may have older values. []: nobody.')),
  folder: z
    ._default(NameTextSchema, '/run/secrets')
    .check(z.describe('Folder of mounted: a file for each secret, as Docker and Kubernetes mount them.')),
  key: z
    ._default(z.enum(['file', 'keychain', 'vault']), 'file')
    .check(
      z.describe(
        'Where the key of file is: beside it, in the keychain of the user, or in the transit engine of Vault, which it never leaves.',
      ),
    ),
  ttl: z
    .prefault(DurationSchema, '5m')
    .check(z.describe('How long a value is used before it is read again.')),
  maxStale: z
    .prefault(DurationSchema, '24h')
    .check(z.describe('How long running servers keep a value that cannot be read again.')),
  timeout: z.prefault(DurationSchema, '5s').check(z.describe('Longest wait for one provider.')),
  rules: z
    ._default(z.record(z.string(), RuleSchema), {})
    .check(
      z.describe(
        'Where secrets may go, by name: "github-token" for one of any provider, "VAULT:db/password" for that one.',
      ),
    ),
  set: z
    ._default(z.record(z.string(), z.string()), {})
    .check(
      z.describe(
        'Settings that secrets hold: the keys of one, joined by dots, and a reference such as "${SECRET:name}". They lie over files and environment.',
      ),
    ),
  vault: z.optional(VaultSchema).check(z.describe('HashiCorp Vault or OpenBao.')),
});

/** Keys of the section and its parts, for suggestions. */
export const SECRETS_KEYS: readonly (readonly [string, readonly string[]])[] = [
  ['secrets', Object.keys(SecretsSchema.shape)],
  ['secrets.vault', Object.keys(VaultSchema.shape)],
];

/**
 * @param root - Where the section was read, with references that stay.
 * @returns What is wrong as `flaw`.
 */
export function secretsSettings(
  { ttl, maxStale, timeout, vault, set: _set, ...settings }: z.output<typeof SecretsSchema>,
  root: LocatedValue | undefined,
): SecretsSettings | { readonly flaw: string } {
  const times = { ttlMs: ttl, maxStaleMs: maxStale, timeoutMs: timeout };
  const usesVault = settings.key === 'vault' || [...settings.chain, ...settings.fallback].includes('vault');
  if (vault === undefined)
    return usesVault
      ? { flaw: 'secrets needs "vault", with the address and a token' }
      : { ...settings, ...times };
  const { address, namespace, mount, appRoleMount, transitKey, transitMount } = vault;
  const text = (key: 'token' | 'roleId' | 'secretId'): SecretText | undefined => {
    if (vault[key] === undefined || root === undefined) return undefined;
    const found = locate(root, ['secrets', 'vault', key]).value;
    return found.kind === 'scalar' ? (found.parts ?? [vault[key]]) : undefined;
  };
  const [token, roleId, secretId] = [text('token'), text('roleId'), text('secretId')];
  const login =
    token !== undefined && roleId === undefined && secretId === undefined
      ? ({ kind: 'token', token } as const)
      : token === undefined && roleId !== undefined && secretId !== undefined
        ? ({ kind: 'approle', mount: appRoleMount, roleId, secretId } as const)
        : undefined;
  if (login === undefined) return { flaw: 'secrets.vault needs either "token", or "roleId" and "secretId"' };
  return {
    ...settings,
    ...times,
    vault: {
      address,
      ...(namespace !== undefined && { namespace }),
      ...{ mount, transitKey, transitMount, login },
    },
  };
}
