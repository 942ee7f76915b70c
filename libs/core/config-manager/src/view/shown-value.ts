import { holdsCredential, isSecretReference } from '@omni/ports';
import type { LocatedScalar, LocatedValue } from '../document/located-value.ts';
import { DURATION_PATTERN } from '../schema/duration.ts';
import { kindsOf, schemaBelow, writtenSchema } from '../schema/setting-at.ts';
import type * as z from 'zod/mini';

/** What stands in the place of what is not shown. */
export const HIDDEN = '***';

/**
 * Texts that say nothing secret, by the path of their setting; `*` is any name or index. Every other text is
 * hidden, as that of a new setting is until somebody has decided.
 */
export const SHOWN_TEXTS: ReadonlySet<string> = new Set([
  '$schema',
  'server.listen',
  'server.allowedHosts.*',
  'server.allowedOrigins.*',
  'server.unixSocket',
  'server.tcp',
  'server.tls.cert',
  'server.tls.key',
  'auth.tokens.*.name',
  'auth.publicUrl',
  ...['name', 'issuer', 'jwks', 'audiences.*', 'scopes.*', 'groupsClaim', 'tenantClaim'].map(
    (name) => `auth.issuers.*.${name}`,
  ),
  ...['url', 'clientId'].map((name) => `auth.issuers.*.introspection.${name}`),
  ...['addresses.*', 'userHeader', 'groupsHeader'].map((name) => `auth.proxy.${name}`),
  ...['name', 'expires'].map((name) => `auth.apiKeys.keys.*.${name}`),
  'tests.*.name',
  'tests.*.server',
  'tests.*.sees.*',
  'tests.*.hides.*',
  'tests.*.routes.*',
  'secrets.folder',
  'secrets.vault.namespace',
  'secrets.vault.mount',
  'secrets.vault.appRoleMount',
  'secrets.vault.transitKey',
  'secrets.vault.transitMount',
  'secrets.rules.*.servers.*',
  'secrets.rules.*.hosts.*',
  'storage.schema',
  'storage.healthLogRetention',
  ...['', 'mcpServers.*.'].flatMap((prefix) => [
    `${prefix}routing.failover.*`,
    `${prefix}routing.fallback.*`,
    `${prefix}routing.mirror.to`,
  ]),
  'mcpServers.*.command',
  'mcpServers.*.cwd',
  'mcpServers.*.allowedTools.*',
  'mcpServers.*.disabledTools.*',
  'mcpServers.*.forwardHeaders.*',
  'mcpServers.*.requiredEnv.*',
  'mcpServers.*.featureFlag',
  'mcpServers.*.roots.*',
  'mcpServers.*.replica.of',
  'mcpServers.*.health.path',
  'mcpServers.*.health.tool',
]);

/**
 * A value as it may be shown, on any surface: numbers, switches, words of a choice, durations, references
 * without what stands around them, and the texts of {@link SHOWN_TEXTS}.
 *
 * @param path - Of the setting, names in it replaced by `*`.
 */
export function shownValue(
  value: LocatedValue,
  path: readonly string[],
  schema: z.core.$ZodType | undefined,
): unknown {
  if (value.kind === 'list')
    return value.items.map((item) =>
      shownValue(item, [...path, '*'], schema === undefined ? undefined : schemaBelow(schema, '0')),
    );
  if (value.kind === 'map')
    return Object.fromEntries(
      [...value.entries].map(([key, entry]) => {
        const below = schema === undefined ? undefined : schemaBelow(schema, key);
        return [key, shownValue(entry.value, [...path, isRecord(schema) ? '*' : key], below)];
      }),
    );
  return shownScalar(value, path.join('.'), schema);
}

function isRecord(schema: z.core.$ZodType | undefined): boolean {
  return schema === undefined || writtenSchema(schema)._zod.def.type === 'record';
}

function shownScalar(
  { value, source }: LocatedScalar,
  path: string,
  schema: z.core.$ZodType | undefined,
): unknown {
  if (typeof value !== 'string') {
    const kind = typeof value;
    const isKnown = value === null || (schema !== undefined && kindsOf(schema).has(kind));
    return isKnown ? value : HIDDEN;
  }
  // guard: config/shown-texts
  if (SHOWN_TEXTS.has(path) && !holdsCredential(value)) return value;
  if (schema !== undefined && choicesOf(schema).has(value)) return value;
  if (schema !== undefined && DURATION_PATTERN.test(value)) return value;
  const references = [...value.matchAll(REFERENCE)].map(([, reference = '']) => shownReference(reference));
  const rest = value.replaceAll(REFERENCE, '');
  if (references.length === 0) return source === '' && value === '' ? '' : HIDDEN;
  return (rest === '' ? '' : HIDDEN) + references.join('');
}

const REFERENCE = /(?<!\$)\$\{([^{}]*)\}/g;
const VARIABLE = /^((?:ENV:|env:)?[A-Za-z_][A-Za-z0-9_]*)(:[-?])?/;

/** Its name; neither a default nor a message. */
function shownReference(reference: string): string {
  const [, name = '', operator] = VARIABLE.exec(reference) ?? [];
  if (isSecretReference(reference) && !holdsCredential(reference)) return `\${${reference}}`;
  if (name === '' || holdsCredential(name) || (operator === undefined && name !== reference))
    return `\${${HIDDEN}}`;
  return `\${${name}${operator === undefined ? '' : `${operator}${HIDDEN}`}}`;
}

/** Words that a setting can be. */
function choicesOf(schema: z.core.$ZodType): ReadonlySet<unknown> {
  const { def } = writtenSchema(schema)._zod;
  if (def.type === 'enum') return new Set(Object.values(def.entries));
  if (def.type === 'literal') return new Set(def.values);
  return def.type === 'union' ? new Set(def.options.flatMap((option) => [...choicesOf(option)])) : new Set();
}
