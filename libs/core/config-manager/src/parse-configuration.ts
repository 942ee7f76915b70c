import type { SecretReference } from '@omni/ports';
import { ProblemList, formatProblem, quoted } from './checks/config-problem.ts';
import { exposedServerName } from './clients/exposed-server-name.ts';
import { defaultConfiguration, settingsOf, type Configuration } from './configuration.ts';
import { type SecretsSettings, secretsSettings } from './schema/secrets-schema.ts';
import type { ConfigSource } from './document/config-source.ts';
import { GatewaySettingsSchema, SECTION_KEYS, type GatewaySettings } from './schema/configuration-schema.ts';
import { checkName, expandLocated } from './document/expand-located.ts';
import { checkServerReferences } from './checks/server-references.ts';
import { checkListeners } from './checks/listener-checks.ts';
import { checkIdentity } from './checks/identity-checks.ts';
import { checkTokens } from './checks/token-checks.ts';
import {
  locate,
  plainValue,
  type LocatedEntry,
  type LocatedMap,
  type LocatedValue,
} from './document/located-value.ts';
import { SERVER_BLOCKS } from './document/normalize-source.ts';
import type { ConfigLayers } from './layers/config-layers.ts';
import { typedSecrets } from './layers/given-layers.ts';
import { mergeSources } from './layers/merge-sources.ts';
import { schemaAt } from './schema/setting-at.ts';
import { WORDLESS, reportIssues } from './checks/report-issues.ts';
import { pathFrom } from './document/source-path.ts';
import {
  isSwitchedOff,
  misconfigured,
  switchedOff,
  upstreamConfig,
  type UpstreamConfig,
} from './upstream-config.ts';
import type { SecretReading, SecretSource } from './collaborators.ts';
import type { Environment } from './document/variables.ts';

export interface ParseOptions {
  /** What `${VAR}`, `requiredEnv` and feature flags are looked up in. */
  readonly env: Environment;
  /**
   * Whether one server that is wrong stops all in a client's file, as it does in Omni's own. Default `false`.
   */
  readonly strict?: boolean;
  /**
   * Gives secrets that stand elsewhere than in headers and variables of servers: those stay references, see
   * {@link UpstreamSpec.secrets}. Default: a reference to a secret is a problem.
   */
  readonly secrets?: SecretSource;
  /**
   * Whether whoever runs Omni has written the sources: only then variables, files and programs are looked up.
   * Default `true`.
   */
  readonly isOperatorOwned?: boolean;
  /** What lies over the sources. Default: nothing. */
  readonly layers?: ConfigLayers;
}

const ROOT_KEYS: readonly string[] = [...Object.keys(GatewaySettingsSchema.shape), ...SERVER_BLOCKS];

/**
 * Reads, merges, expands and validates a configuration.
 *
 * Later sources override earlier ones, maps key by key. References are replaced after merging, so that an
 * overridden one need not be set. A file of `servers/` that is wrong stops only its server, unless `strict`.
 * A source that stands alone and is a client's is read as that client reads
 * it; a server of it that is wrong is `enabled: false` with a `flaw`.
 *
 * @param sources - At most 1000, lowest precedence first.
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`: every problem on a line of its own (at most 100), and
 * as `data.problems`. While a source cannot be read at all, only problems inside single sources are
 * reported: the others would be guesses.
 */
export function parseConfiguration(
  sources: readonly ConfigSource[],
  { env, strict = false, secrets, isOperatorOwned = true, layers = {} }: ParseOptions,
): Configuration {
  const problems = new ProblemList();
  const warnings = new ProblemList();
  const notes = new ProblemList();
  const merged = mergeSources(sources, { problems, warnings, notes, env, strict, layers });
  const { root, reading, entryProblems } = merged;

  const isForeign = !isOperatorOwned;
  const { settings, secrets: ofSecrets } = gatewaySettings(root, {
    env,
    problems,
    warnings,
    secrets,
    isForeign,
  });
  const upstreams: UpstreamConfig[] = [];
  const exposed = new Map<string, string>();
  const servers = root.entries.get('mcpServers')?.value;
  if (servers?.kind === 'map') {
    for (const [name, { value, ...entry }] of servers.entries) {
      if (value.kind !== 'map') continue;
      const key = `mcpServers.${name}`;
      const own = entryProblems.of(name);
      checkName(entry, { key: 'mcpServers', problems: own });
      const shortName = exposedServerName(name);
      const other = exposed.get(shortName);
      // Two texts of one hash, or a name that is written like another one's short form.
      if (other !== undefined) {
        problems.add(
          entry.at,
          key,
          `${quoted(name)} and ${quoted(other)} would both be called ${quoted(shortName)}; rename one`,
        );
        continue;
      }
      exposed.set(shortName, name);
      // What could not be read has nothing to check.
      if (merged.unread.has(name)) {
        upstreams.push(misconfigured(name, flawOf(own), settings.defaults));
        continue;
      }
      if (shortName !== name)
        notes.add(
          entry.at,
          key,
          `${quoted(name)} is called ${quoted(shortName)} in the names of its tools and in addresses`,
        );
      const upstream = upstreamConfig(
        name,
        { ...entry, value },
        { env, settings, reading, problems: own, warnings, secrets, isForeign, isStrict: strict },
      );
      const found = entryProblems.found(name);
      if (found.length === 0 || upstream?.enabled === false) {
        if (upstream) upstreams.push(upstream);
      } else if (isSwitchedOff(value)) upstreams.push(switchedOff(name, settings.defaults));
      else upstreams.push(misconfigured(name, flawOf(own), settings.defaults));
    }
  }
  checkServerReferences(upstreams, root, { written: exposed, problems });
  entryProblems.tellWithWhole();
  problems.throwIfAny();
  if (upstreams.length === 0)
    warnings.add(root.at, 'mcpServers', 'no server is configured; write them under "mcpServers:"');

  return {
    ...settingsOf(settings, ofSecrets),
    upstreams,
    warnings: warnings.list().map(formatProblem),
    notes: notes.list().map(formatProblem),
  };
}

function flawOf(problems: ProblemList): string {
  return problems.list().map(formatProblem).join('\n');
}

/**
 * The section `secrets` alone, with which the rest can be read.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`, with the problems of that section.
 */
export function parseSecretsSettings(
  sources: readonly ConfigSource[],
  { env, strict = false, isOperatorOwned = true, layers = {} }: Omit<ParseOptions, 'secrets'>,
): SecretsSettings {
  // Whoever reads all is told what is wrong elsewhere.
  const [elsewhere, warnings, notes] = [new ProblemList(), new ProblemList(), new ProblemList()];
  const { root } = mergeSources(sources, { problems: elsewhere, warnings, notes, env, strict, layers });
  const section = new Map([...root.entries].filter(([key]) => key === 'secrets'));
  const problems = new ProblemList();
  const secrets = { read: () => ({ failure: 'there are no secrets yet' }) };
  const isForeign = !isOperatorOwned;
  const found = gatewaySettings(
    { ...root, entries: section },
    { env, problems, warnings, secrets, isForeign },
  );
  problems.throwIfAny();
  return found.secrets;
}

/** The path in a `storage.url`. */
const SQLITE_FILE = /^sqlite:(.+)$/s;

interface SettingsOptions {
  readonly env: Environment;
  readonly problems: ProblemList;
  readonly warnings: ProblemList;
  readonly secrets: SecretSource | undefined;
  readonly isForeign: boolean;
}

/** The sections outside `mcpServers`; defaults where they are wrong, so that servers can still be checked. */
interface SettingsRead {
  readonly settings: GatewaySettings;
  readonly secrets: SecretsSettings;
}

function gatewaySettings(root: LocatedMap, options: SettingsOptions): SettingsRead {
  const { problems, warnings } = options;
  const expanded = typedSecrets({ ...root, entries: expandedSections(root, options) }, (path) =>
    schemaAt(GatewaySettingsSchema, path),
  );
  const parsed = GatewaySettingsSchema.safeParse(plainValue(expanded), WORDLESS);
  if (!parsed.success) {
    reportIssues(parsed.error.issues, {
      root: expanded,
      key: '',
      keysOf: (path) => (path === '' ? ROOT_KEYS : (SECTION_KEYS.get(path) ?? [])),
      problems,
    });
    return { settings: GatewaySettingsSchema.parse({}), secrets: defaultConfiguration().secrets };
  }
  checkListeners(parsed.data, expanded, problems);
  checkTokens(parsed.data, expanded, { problems, warnings });
  checkIdentity(parsed.data, expanded, { problems, warnings });
  return { settings: withPaths(parsed.data, expanded), secrets: secretsOf(parsed.data, expanded, problems) };
}

function secretsOf(settings: GatewaySettings, root: LocatedMap, problems: ProblemList): SecretsSettings {
  const secrets = secretsSettings(settings.secrets, root);
  const entry = root.entries.get('secrets');
  if (!('flaw' in secrets))
    return {
      ...secrets,
      folder: pathFrom(locate(root, ['secrets', 'folder']).value.at.file, secrets.folder),
    };
  problems.add(entry?.at ?? root.at, 'secrets', secrets.flaw);
  return defaultConfiguration().secrets;
}

/** What `secrets` says is needed before there are secrets: references in it stay. */
function expandedSections(root: LocatedMap, options: SettingsOptions): ReadonlyMap<string, LocatedEntry> {
  const { env, problems, secrets, isForeign } = options;
  const expanded = new Map<string, LocatedEntry>();
  for (const [key, entry] of root.entries) {
    if (key === 'mcpServers') continue;
    checkName(entry, { key: '', problems });
    const read = (reference: SecretReference): SecretReading =>
      secrets?.read(reference, `setting:${key}`) ?? { failure: 'there are no secrets' };
    const mode = key === 'secrets' ? 'keep' : 'read';
    const scope = { env, isForeign, ...(secrets !== undefined && { secrets: { mode, read } as const }) };
    const value = expandLocated(entry.value, {
      ...{ scope, problems, secretValues: new Set<string>() },
      key: entry.written,
    });
    expanded.set(key, { ...entry, value });
  }
  return expanded;
}

/** Relative paths start where the source does that they stand in. */
function withPaths(settings: GatewaySettings, root: LocatedValue): GatewaySettings {
  const path = (text: string, ...keys: readonly string[]): string =>
    pathFrom(locate(root, keys).value.at.file, text);
  const { server, storage } = settings;
  const { tls, unixSocket } = server;
  const file = SQLITE_FILE.exec(storage.url)?.[1];
  return {
    ...settings,
    server: {
      ...server,
      ...(tls !== undefined && {
        tls: { cert: path(tls.cert, 'server', 'tls', 'cert'), key: path(tls.key, 'server', 'tls', 'key') },
      }),
      ...(typeof unixSocket === 'string' && { unixSocket: path(unixSocket, 'server', 'unixSocket') }),
    },
    ...(file !== undefined && { storage: { ...storage, url: `sqlite:${path(file, 'storage', 'url')}` } }),
  };
}
