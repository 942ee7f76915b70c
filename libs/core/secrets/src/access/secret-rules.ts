import { type SecretReference, secretReferenceText } from '@omni/ports';

/** Who wants to use a secret. */
export interface SecretUser {
  /** For the audit: `server:github`, `setting:auth.token`, `owner`. */
  readonly id: string;
  /** Name of the upstream that it is for. */
  readonly server?: string;
  /** Host that it would be sent to; absent where it goes to no host, such as to a process. */
  readonly host?: string;
}

/** Where a secret may go. */
export interface SecretRule {
  /** Names of upstreams. Default: all. */
  readonly servers?: readonly string[] | undefined;
  /** Hosts, `*.example.com` with those below. Default: all, and processes. */
  readonly hosts?: readonly string[] | undefined;
}

/**
 * By the name of the secret: `github-token` is one of any provider, `VAULT:db/password` that one. A field has
 * the rule of its record.
 */
export type SecretRules = Readonly<Record<string, SecretRule>>;

/**
 * Why a secret may not be used by somebody.
 *
 * @returns `undefined` when it may.
 */
export function refusalOf(
  rules: SecretRules,
  { scheme, name }: SecretReference,
  { server, host }: SecretUser,
): string | undefined {
  for (const key of [name, secretReferenceText({ scheme, name })]) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined) continue;
    const { servers, hosts } = rule;
    // guard: secrets/rule-servers
    if (servers !== undefined && (server === undefined || !servers.includes(server)))
      return `secrets.rules allows ${key} for ${listOf(servers)} only`;
    // guard: secrets/rule-hosts
    if (hosts !== undefined && (host === undefined || !hosts.some((pattern) => isWithin(host, pattern))))
      return `secrets.rules allows ${key} to be sent to ${listOf(hosts)} only`;
  }
  return undefined;
}

function isWithin(host: string, pattern: string): boolean {
  const [given, allowed] = [host.toLowerCase(), pattern.toLowerCase()];
  return allowed.startsWith('*.') ? given.endsWith(allowed.slice(1)) : given === allowed;
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'nobody' : names.join(', ');
}
