import { holdsCredential, secretsIn, type UpstreamSpec, type UpstreamTransport } from '@omni/ports';
import { quoted, type ProblemList } from './checks/config-problem.ts';
import type { GatewaySettings } from './schema/configuration-schema.ts';
import { exposedServerName } from './clients/exposed-server-name.ts';
import type { Reading } from './clients/recognise-client.ts';
import type { SecretSource } from './collaborators.ts';
import { entrySecrets, reportSecretArguments } from './entry/entry-secrets.ts';
import { expandedEntry } from './entry/expanded-entry.ts';
import { lackOf, probeOf } from './entry/health-probe.ts';
import { warnOfSuspects } from './entry/suspect-text.ts';
import { plainValue, textAt, type LocatedEntry, type LocatedMap } from './document/located-value.ts';
import { rootUri } from './schema/root-folder.ts';
import { type LIFECYCLE_SHAPE, lifecycleOf } from './schema/lifecycle-schema.ts';
import { replicaOf, routingOf } from './schema/routing-schema.ts';
import { McpServerSchema, type McpServerSettings } from './schema/mcp-server-schema.ts';
import { WORDLESS, reportIssues } from './checks/report-issues.ts';
import { pathFrom } from './document/source-path.ts';
import { addressFlaw, addressKind, socketAddress, type AddressKind } from './schema/upstream-address.ts';
import { variable, type Environment } from './document/variables.ts';

/** One server of the configuration, every setting present. Fits `UpstreamSpec` of `@omni/ports`. */
export interface UpstreamConfig extends Omit<UpstreamSpec, 'transport'> {
  readonly transport: Exclude<UpstreamTransport, { readonly kind: 'channel' }>;
  /**
   * Names, in lower case, of headers of clients that go along with their requests; without those that
   * `headers` sets. Default: none.
   */
  readonly forwardHeaders?: readonly string[];
}

const MISSING_ENV = 'missing_env:';

export interface UpstreamConfigOptions {
  readonly env: Environment;
  readonly settings: Pick<GatewaySettings, 'defaults' | 'routing' | keyof typeof LIFECYCLE_SHAPE>;
  /** Whose file the entry stands in; `undefined` for Omni's own. */
  readonly reading: Reading | undefined;
  readonly problems: Pick<ProblemList, 'add'>;
  readonly warnings: Pick<ProblemList, 'add'>;
  /** Absent where there are no secrets. */
  readonly secrets: SecretSource | undefined;
  /** Whether somebody else than who runs Omni has written the entry. */
  readonly isForeign: boolean;
  /** Whether secrets in arguments are refused. */
  readonly isStrict: boolean;
}

/**
 * Reads one merged, normal entry of `mcpServers`.
 *
 * A server that is switched off, or lacks what it requires, is `enabled: false` with a reason, and its
 * references may be unset.
 *
 * @returns `undefined` when the entry is wrong; `problems` then says why.
 */
export function upstreamConfig(
  name: string,
  entry: LocatedEntry & { readonly value: LocatedMap },
  options: UpstreamConfigOptions,
): UpstreamConfig | undefined {
  const { env, settings: forAll, problems, warnings, reading } = options;
  const { defaults } = forAll;
  const key = `mcpServers.${name}`;
  const disabledReason = reasonToDisable(entry.value, env);
  const secretValues = new Set<string>();
  const judged = disabledReason === undefined ? { problems } : {};
  const { secrets: source, isForeign, isStrict } = options;
  const whole = expandedEntry(entry.value, {
    ...{ env, reading, key, secretValues, isForeign, ...judged },
    secrets: disabledReason === undefined ? source : undefined,
    server: exposedServerName(name),
  });
  const { entry: expanded, secrets } = entrySecrets(whole);
  if (disabledReason === undefined) reportSecretArguments(entry.value, { key, problems, warnings, isStrict });

  const parsed = McpServerSchema.safeParse(plainValue(expanded), WORDLESS);
  if (!parsed.success) reportIssues(parsed.error.issues, { root: expanded, key, keysOf: () => [], problems });
  const kind = transportKind(expanded, { at: entry.at, key, problems });
  if (kind !== 'stdio' && kind !== undefined) checkUrl(expanded, { key, problems, kind });
  if (!parsed.success || kind === undefined) return undefined;

  const settings = parsed.data;
  const protocol = expanded.entries.get('protocol');
  if (kind === 'sse' && settings.protocol === '2026-07-28' && protocol !== undefined) {
    problems.add(
      protocol.value.at,
      `${key}.protocol`,
      `${key}.protocol is "2026-07-28", which is not spoken over the transport "sse"; write "http"`,
    );
  }
  warnOfKeysWithoutEffect(kind, expanded, { key, warnings });
  if (disabledReason?.startsWith(MISSING_ENV)) warnOfMissingVariables(entry.value, { env, key, warnings });
  else if (disabledReason === undefined) {
    warnOfCommandLine(expanded, { key, warnings });
    warnOfSuspects(expanded, reading?.format, { key, problems, warnings });
  }
  const set = [...Object.keys(settings.headers ?? {}), ...Object.keys(secrets?.headers ?? {})];
  const forwardHeaders = forwardedHeaders(expanded, settings, { kind, key, problems, warnings, set });
  const transport =
    kind === 'stdio' ? stdioTransport(settings, expanded, reading) : remoteTransport(kind, settings);
  for (const [key, value] of namedTexts(settings))
    for (const secret of secretsIn(key, value)) secretValues.add(secret);
  const callTimeoutMs = settings.callTimeout ?? defaults.callTimeout;
  // A client's one limit is no shorter here.
  const longest = reading === undefined ? 0 : callTimeoutMs;
  const maxCallTimeMs = settings.maxCallTime ?? Math.max(defaults.maxCallTime, longest);
  const long = expanded.entries.get('callTimeout') ?? expanded.entries.get('maxCallTime');
  if (long !== undefined && callTimeoutMs > maxCallTimeMs) {
    warnings.add(
      long.value.at,
      key,
      `${key}: callTimeout is longer than maxCallTime, which ends a call first`,
    );
  }
  const lifecycle = lifecycleOf(forAll, settings);
  const { recoveryTimeoutMs, maxTimeoutMs } = lifecycle.breaker;
  if (maxTimeoutMs < recoveryTimeoutMs) {
    const at = expanded.entries.get('circuit_breaker')?.value.at ?? entry.at;
    warnings.add(
      at,
      `${key}.circuit_breaker`,
      `${key}: circuit_breaker.max_timeout is shorter than recovery_timeout, so every wait for a trial is max_timeout`,
    );
  }
  const { allowedTools, disabledTools = [] } = settings;
  const lack = settings.health === undefined ? undefined : lackOf(settings.health, kind);
  if (lack !== undefined) {
    const at = expanded.entries.get('health')?.value.at ?? entry.at;
    problems.add(at, key, `${key}: health.strategy "${settings.health?.strategy}" needs ${lack}`);
    return undefined;
  }
  return {
    name: exposedServerName(name),
    enabled: disabledReason === undefined,
    ...(disabledReason === undefined ? {} : { disabledReason }),
    protocol: settings.protocol,
    instances: settings.instances,
    ...rootsSetting(settings),
    connectTimeoutMs: settings.connectTimeout ?? defaults.connectTimeout,
    callTimeoutMs,
    maxCallTimeMs,
    listAgeMs: settings.listAge ?? defaults.listAge,
    lifecycle,
    routing: routingOf(forAll.routing, settings.routing),
    ...(settings.replica !== undefined && { replica: replicaOf(settings.replica) }),
    ...(settings.permanentExitCodes !== undefined && { permanentExitCodes: settings.permanentExitCodes }),
    critical: settings.critical,
    ...(settings.health !== undefined && probeOf(settings.health)),
    ...(settings.start === undefined ? {} : { start: settings.start }),
    ...(settings.idleStop === undefined ? {} : { idleStopMs: settings.idleStop }),
    transport,
    ...(secrets !== undefined && { secrets }),
    ...(allowedTools === undefined && disabledTools.length === 0
      ? {}
      : {
          tools: { ...(allowedTools === undefined ? {} : { allowed: allowedTools }), hidden: disabledTools },
        }),
    ...(forwardHeaders.length === 0 ? {} : { forwardHeaders }),
    secretValues: [...secretValues],
  };
}

/**
 * A server that cannot be started, because its entry is wrong: it is there to be seen.
 *
 * @param flaw - Where and what.
 */
export function misconfigured(
  name: string,
  flaw: string,
  defaults: GatewaySettings['defaults'],
): UpstreamConfig {
  return { ...switchedOff(name, defaults), disabledReason: 'misconfigured', flaw };
}

/** A server of which nothing counts but that it is off: a client does not look at the rest of its entry. */
export function switchedOff(
  name: string,
  { callTimeout, connectTimeout, listAge, maxCallTime }: GatewaySettings['defaults'],
): UpstreamConfig {
  return {
    name: exposedServerName(name),
    enabled: false,
    disabledReason: 'disabled',
    protocol: 'auto',
    instances: 'auto',
    connectTimeoutMs: connectTimeout,
    callTimeoutMs: callTimeout,
    maxCallTimeMs: maxCallTime,
    listAgeMs: listAge,
    critical: false,
    transport: { kind: 'stdio', command: '', args: [], env: {} },
    secretValues: [],
  };
}

/** Environment variable that switches a feature flag on: `OMNI_FEATURE_NEW_SEARCH` for `new-search`. */
export function featureVariable(flag: string): string {
  return `OMNI_FEATURE_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** What may hold credentials, by the name that it is given under: an argument by the option before it. */
function namedTexts({ env, headers, args = [], url = '' }: McpServerSettings): readonly [string, string][] {
  const options = args.map((text, index): [string, string] => {
    const before = args[index - 1] ?? '';
    return [before.startsWith('-') && !before.includes('=') ? before : '', text];
  });
  return [...Object.entries(env ?? {}), ...Object.entries(headers ?? {}), ...options, ['url', url]];
}

/** Whether an entry says so, whatever else it says. */
export function isSwitchedOff(entry: LocatedMap): boolean {
  const disabled = entry.entries.get('disabled')?.value;
  return disabled?.kind === 'scalar' && disabled.value === true;
}

/** Decided before references are replaced, since those of a server that stays off need not be set. */
function reasonToDisable(entry: LocatedMap, env: Environment): string | undefined {
  if (isSwitchedOff(entry)) return 'disabled';
  const flag = textAt(entry, 'featureFlag');
  if (flag !== undefined && !['1', 'true'].includes(variable(env, featureVariable(flag)) ?? ''))
    return `feature_off:${flag}`;
  const missing = missingVariables(entry, env);
  return missing.length === 0 ? undefined : `${MISSING_ENV}[${missing.join(',')}]`;
}

function missingVariables(entry: LocatedMap, env: Environment): readonly string[] {
  const required = entry.entries.get('requiredEnv')?.value;
  const names =
    required?.kind === 'list'
      ? required.items.flatMap((item) => (item.kind === 'scalar' ? [String(item.value)] : []))
      : [];
  return names
    .filter((name) => (variable(env, name) ?? '') === '')
    .map((name) => (holdsCredential(name) ? '***' : name));
}

/** Who has switched a server off knows it; who lacks a variable may not. */
function warnOfMissingVariables(
  entry: LocatedMap,
  { env, key, warnings }: WarningOptions & { readonly env: Environment },
): void {
  const required = entry.entries.get('requiredEnv');
  if (required === undefined) return;
  const path = `${key}.${required.written}`;
  warnings.add(
    required.value.at,
    path,
    `${key} is not started: ${missingVariables(entry, env).join(', ')} must be set and not empty`,
  );
}

/** `command: npx -y server`: a shell would take it apart, and there is none. */
function warnOfCommandLine(entry: LocatedMap, { key, warnings }: WarningOptions): void {
  const command = entry.entries.get('command');
  if (command === undefined || !/^[^\s\\/]+\s/.test(textAt(entry, 'command') ?? '')) return;
  const path = `${key}.${command.written}`;
  warnings.add(
    command.value.at,
    path,
    `${path} holds a space and is taken for the name of one program; write its arguments under "args"`,
  );
}

type UpstreamKind = 'stdio' | AddressKind;

interface EntryReport {
  readonly key: string;
  readonly problems: Pick<ProblemList, 'add'>;
}

function transportKind(
  entry: LocatedMap,
  { at, key, problems }: EntryReport & { readonly at: LocatedEntry['at'] },
): UpstreamKind | undefined {
  const command = entry.entries.get('command');
  const url = entry.entries.get('url');
  const type = entry.entries.get('type');
  const wanted = textAt(entry, 'type');
  if (command && url) {
    problems.add(
      url.at,
      `${key}.${url.written}`,
      `${key} has both "${command.written}" and "${url.written}"; keep the one that is meant`,
    );
    return undefined;
  }
  if (!command && !url) {
    // A refused type has been reported, and says more than a missing key.
    if (!type || wanted !== undefined)
      problems.add(at, key, `${key} needs "command" (a local program) or "url" (a remote server)`);
    return undefined;
  }
  const kind = command
    ? 'stdio'
    : isAddressKind(wanted)
      ? wanted
      : (addressKind(textAt(entry, 'url') ?? '') ?? 'http');
  if (type && wanted !== undefined && wanted !== kind) {
    const needed = wanted === 'stdio' ? 'command' : 'url';
    problems.add(
      type.value.at,
      `${key}.type`,
      `${key}.type is "${wanted}", which needs "${needed}", found "${(command ?? url)?.written}"`,
    );
    return undefined;
  }
  return kind;
}

interface WarningOptions {
  readonly key: string;
  readonly warnings: Pick<ProblemList, 'add'>;
}

function warnOfKeysWithoutEffect(
  kind: UpstreamKind,
  entry: LocatedMap,
  { key, warnings }: WarningOptions,
): void {
  for (const other of WITHOUT_EFFECT[kind]) {
    const found = entry.entries.get(other);
    if (!found) continue;
    const needed =
      other !== 'headers' ? 'without "command"' : kind === 'stdio' ? 'without "url"' : 'on a socket';
    warnings.add(found.at, `${key}.${found.written}`, `${key}.${found.written} has no effect ${needed}`);
  }
}

/** Applies only to transports whose requests carry headers; `headers` wins. */
function forwardedHeaders(
  entry: LocatedMap,
  { forwardHeaders = [] }: McpServerSettings,
  {
    kind,
    key,
    problems,
    warnings,
    set,
  }: EntryReport & {
    readonly kind: UpstreamKind;
    readonly warnings: Pick<ProblemList, 'add'>;
    readonly set: readonly string[];
  },
): readonly string[] {
  const found = entry.entries.get('forwardHeaders');
  if (found === undefined) return [];
  const path = `${key}.${found.written}`;
  if (kind !== 'http' && kind !== 'sse') {
    problems.add(
      found.at,
      path,
      `${path} needs a server of type "http" or "sse": elsewhere a request has no headers`,
    );
    return [];
  }
  const names = new Set(forwardHeaders);
  for (const name of set) {
    if (names.delete(name.toLowerCase()))
      warnings.add(found.at, path, `${path} has no effect for ${quoted(name)}, which "headers" sets`);
  }
  return [...names];
}

const OF_PROCESSES = ['args', 'env', 'cwd'];
const WITHOUT_EFFECT: Readonly<Record<UpstreamKind, readonly string[]>> = {
  stdio: ['headers'],
  http: OF_PROCESSES,
  sse: OF_PROCESSES,
  ws: OF_PROCESSES,
  unix: [...OF_PROCESSES, 'headers'],
  tcp: [...OF_PROCESSES, 'headers'],
};

function stdioTransport(
  { command = '', args = [], env = {}, cwd }: McpServerSettings,
  entry: LocatedMap,
  reading: Reading | undefined,
): UpstreamConfig['transport'] {
  const project = reading?.project;
  const path = (key: string, text: string): string =>
    pathFrom(project === undefined ? (entry.entries.get(key)?.value.at.file ?? '') : `${project}/`, text);
  // A client starts its servers in the project, and so do the paths in their arguments.
  if (cwd === undefined && project !== undefined) return { kind: 'stdio', command, args, env, cwd: project };
  if (cwd !== undefined) return { kind: 'stdio', command, args, env, cwd: path('cwd', cwd) };
  // A bare name is looked for on the PATH; under a working folder the system looks for a path there.
  return { kind: 'stdio', command: /[\\/]/.test(command) ? path('command', command) : command, args, env };
}

function rootsSetting({ roots }: McpServerSettings): Pick<UpstreamConfig, 'roots'> {
  if (roots === 'none') return {};
  return { roots: roots === 'pass' ? roots : roots.map((folder) => ({ uri: rootUri(folder) })) };
}

/**
 * Without a `url` the server is switched off and its address was not resolved; with a wrong one it has been
 * refused.
 */
function remoteTransport(
  kind: AddressKind,
  { url = '', headers = {} }: McpServerSettings,
): UpstreamConfig['transport'] {
  switch (kind) {
    case 'http':
    case 'sse':
      return { kind, url, headers };
    case 'ws':
      return { kind: 'websocket', url, headers };
    case 'unix':
    case 'tcp':
      return { kind: 'socket', address: socketAddress(url) ?? { path: '' } };
  }
}

function isAddressKind(type: string | undefined): type is AddressKind {
  return type !== undefined && type !== 'stdio' && Object.hasOwn(WITHOUT_EFFECT, type);
}

function checkUrl(
  entry: LocatedMap,
  { key, problems, kind }: EntryReport & { readonly kind: AddressKind },
): void {
  const found = entry.entries.get('url');
  if (
    found?.value.kind !== 'scalar' ||
    typeof found.value.value !== 'string' ||
    found.value.origin === 'unresolved'
  )
    return;
  const isOpen = !isAddressKind(textAt(entry, 'type')) && addressKind(found.value.value) === undefined;
  const flaw = addressFlaw(found.value.value, isOpen ? undefined : kind);
  if (flaw !== undefined)
    problems.add(found.value.at, `${key}.${found.written}`, `${key}.${found.written} ${flaw}`);
}
