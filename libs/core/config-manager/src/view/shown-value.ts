import {
  holdsCredential,
  isSecretReference,
  parseSecretReference,
  shownReference as secretShown,
  withoutTokens,
} from '@omni/ports';
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
        return [
          shownName(key, path),
          shownValue(entry.value, [...path, isRecord(schema) ? '*' : key], below),
        ];
      }),
    );
  return shownScalar(value, path.join('.'), schema);
}

/**
 * A key as it may be shown: whole lines such as `TOKEN=…` are pasted where the name of a variable or of a
 * header belongs.
 *
 * @param path - Of the map, names in it replaced by `*`.
 */
export function shownName(key: string, path: readonly string[]): string {
  const holdsNames = ['env', 'headers'].includes(path.at(-1) ?? '');
  return holdsNames ? key.replace(/[^\w.-].*$/s, HIDDEN) : withoutTokens(key);
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
    if (value === null) return value;
    const kinds: ReadonlySet<string> = schema === undefined ? new Set() : kindsOf(schema);
    // Where any text may stand, a number may be a password.
    if (typeof value === 'number' && kinds.has('text') && !isDuration(schema)) return HIDDEN;
    return kinds.has(typeof value) ? value : HIDDEN;
  }
  // guard: config/shown-texts
  if (SHOWN_TEXTS.has(path) && !holdsCredential(value) && !isCommandLine(path, value)) return value;
  if (schema !== undefined && choicesOf(schema).has(value)) return value;
  if (isDuration(schema) && DURATION_PATTERN.test(value)) return value;
  const references = [...value.matchAll(REFERENCE)].map(([, reference = '']) => shownReference(reference));
  const rest = value.replaceAll(REFERENCE, '');
  if (references.length === 0) return source === '' && value === '' ? '' : HIDDEN;
  return (rest === '' ? '' : HIDDEN) + references.join('');
}

/** Whether a program stands there with its arguments. */
function isCommandLine(path: string, text: string): boolean {
  return path === 'mcpServers.*.command' && /[\s=]/.test(text);
}

/** Whether the only text that a setting takes is a duration. */
function isDuration(schema: z.core.$ZodType | undefined): boolean {
  if (schema === undefined) return false;
  const { def } = writtenSchema(schema)._zod;
  if (def.type === 'union') {
    const texts = def.options.filter((option) => kindsOf(option).has('text'));
    return texts.length > 0 && texts.every(isDuration);
  }
  if (def.type !== 'string') return false;
  const patterns = (def.checks ?? []).map(({ _zod: { def: check } }) =>
    'pattern' in check ? check.pattern : undefined,
  );
  return patterns.includes(DURATION_PATTERN);
}

const REFERENCE = /(?<!\$)\$\{([^{}]*)\}/g;
const VARIABLE = /^((?:ENV:|env:)?[A-Za-z_][A-Za-z0-9_]*)(:[-?])?/;

/** Its name; neither a default, nor a message, nor the arguments of a program. */
function shownReference(reference: string): string {
  const [, name = '', operator] = VARIABLE.exec(reference) ?? [];
  if (isSecretReference(reference) && !holdsCredential(reference)) {
    const secret = parseSecretReference(reference);
    return 'scheme' in secret && secret.scheme === 'EXEC' ? secretShown(secret) : `\${${reference}}`;
  }
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
