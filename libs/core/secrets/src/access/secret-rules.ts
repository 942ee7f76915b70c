import type { SecretScheme } from '@omni/ports';

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
 * By the name of the secret: `github-token` is one of any provider, `VAULT:db/password` that one, also where
 * `SECRET` leads there. A field has the rule of its record. Names that one variable could hold are one:
 * `github-token` and `GITHUB_TOKEN`.
 */
export type SecretRules = Readonly<Record<string, SecretRule>>;

/** A secret that somebody wants. */
export interface WantedSecret {
  readonly name: string;
  /** Schemes by which it can be written, by what they lead to. */
  readonly schemes: readonly SecretScheme[];
}

/**
 * Why a secret may not be used by somebody.
 *
 * @returns `undefined` when it may.
 */
export function refusalOf(
  rules: SecretRules,
  secret: WantedSecret,
  { server, host }: SecretUser,
): string | undefined {
  for (const [key, { servers, hosts }] of Object.entries(rules)) {
    if (!isMeant(key, secret)) continue;
    // guard: secrets/rule-servers
    if (servers !== undefined && (server === undefined || !servers.includes(server)))
      return `secrets.rules allows ${key} for ${listOf(servers)} only`;
    // guard: secrets/rule-hosts
    if (hosts !== undefined && (host === undefined || !hosts.some((pattern) => isWithin(host, pattern))))
      return `secrets.rules allows ${key} to be sent to ${listOf(hosts)} only`;
  }
  return undefined;
}

const KEY = /^(?:(SECRET|VAULT|KEYCHAIN|ENV|FILE|EXEC):)?([^]*)$/;

function isMeant(key: string, { name, schemes }: WantedSecret): boolean {
  const [, scheme, written = ''] = KEY.exec(key) ?? [];
  if (scheme !== undefined && !schemes.some((one) => one === scheme)) return false;
  return folded(scheme === 'VAULT' ? written.replace(/#.*$/, '') : written) === folded(name);
}

/** As variables of the environment are called. */
function folded(name: string): string {
  return /* guard: secrets/rule-names */ name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

function isWithin(host: string, pattern: string): boolean {
  const [given, allowed] = [host.toLowerCase(), pattern.toLowerCase()];
  return allowed.startsWith('*.') ? given.endsWith(allowed.slice(1)) : given === allowed;
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'nobody' : names.join(', ');
}
