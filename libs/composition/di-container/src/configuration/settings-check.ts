import { hostProblem, MAX_DURATION_MS, originProblem } from '@omni/config';
import { GatewayError } from '@omni/ports';
import type { GatewayConfigurationInput } from '../gateway-options.ts';

type Unchecked = Readonly<Record<string, unknown>>;

/** Settings that have no default, and what a parsed configuration says beside its settings. */
const WITHOUT_DEFAULT: ReadonlySet<string> = new Set([
  'auth.identity',
  'auth.token',
  'limits.sessionQuota',
  'limits.sessionRate',
  'limits.userRate',
  'secrets.vault',
  'server.tcp',
  'server.tls',
  'telemetry.otlpEndpoint',
]);
const BESIDE_SETTINGS: ReadonlySet<string> = new Set(['upstreams', 'tests', 'modules', 'warnings', 'notes']);
const CHOICES: Readonly<Record<string, readonly unknown[]>> = {
  'auth.mode': ['token', 'open'],
  'naming.prefix': ['always', 'on-conflict', 'none'],
  'logging.level': ['debug', 'info', 'warn', 'error'],
};
/** All sections, and what stands beside them. */
export const SECTIONS: ReadonlySet<string> = new Set([
  ...BESIDE_SETTINGS,
  'server',
  'auth',
  'naming',
  'sealing',
  'limits',
  'storage',
  'outgoing',
  'catalogue',
  'logging',
  'telemetry',
]);
/** Lists of texts, and what a file refuses of an item. */
const ITEMS: Readonly<Record<string, (item: string) => string | undefined>> = {
  'server.allowedHosts': hostProblem,
  'server.allowedOrigins': originProblem,
};
const MAX_PORT = 65_535;
/** What may be 0. */
const FROM_ZERO: ReadonlySet<string> = new Set([
  'server.port',
  'server.drainMs',
  'limits.maxWaiting',
  'startup.timeoutMs',
  'catalogue.lingerMs',
]);
/** Parts of a whole. */
const SHARES: ReadonlySet<string> = new Set([
  'limits.maxHeapShare',
  'logging.sampleRequests',
  'telemetry.traceShare',
]);
/** Durations that no timer waits for. */
const WITHOUT_TIMER: ReadonlySet<string> = new Set([
  'storage.healthLogRetentionMs',
  'storage.callRetentionMs',
]);
/** Where a default of one type stands for another one, too. */
const OF_TWO_TYPES: Readonly<Record<string, string>> = { 'server.unixSocket': 'string' };
/** The same as in a file: these are principals of Omni's own, and a shorter token can be guessed. */
const USER = /^(?!(?:owner|local|anonymous)$)[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
const BEARER = /^[A-Za-z0-9._~+/-]{16,}=*$/;
const KEY_BYTES = 32;

/**
 * Refuses settings that a program has put together and that nobody can have meant.
 *
 * @param defaults - All sections, with a value of the right type for each setting that has a default.
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`: one line for each problem, without the
 * values of secrets.
 */
export function checkSettings(given: GatewayConfigurationInput, defaults: Unchecked): void {
  const whole: unknown = given;
  if (!isObject(whole)) throw invalid(['The configuration must be an object']);
  const problems = Object.entries(given).flatMap(([section, settings]) =>
    settings === undefined || BESIDE_SETTINGS.has(section)
      ? []
      : sectionProblems(section, settings, defaults[section]),
  );
  problems.push(
    ...tokenProblems(given.auth ?? {}),
    ...keyProblems(given.sealing?.keys ?? []),
    ...rateProblems(given.limits ?? {}),
    ...quotaProblems(given.limits ?? {}),
  );
  if (problems.length > 0) throw invalid(problems);
}

function invalid(problems: readonly string[]): GatewayError {
  return new GatewayError('OMNI_CONFIG_INVALID', problems.join('\n'), {
    data: { problems },
    hint: 'Correct what the program gives as its configuration; what it leaves out has the default of a file.',
  });
}

function sectionProblems(section: string, settings: unknown, defaults: unknown): readonly string[] {
  if (!isObject(defaults)) return [`"${section}" is no section of the configuration`];
  if (!isObject(settings)) return [`${section} must be an object`];
  return Object.entries(settings).flatMap(([name, value]) => {
    const key = `${section}.${name}`;
    if (value === undefined || WITHOUT_DEFAULT.has(key)) return [];
    if (!Object.hasOwn(defaults, name))
      return [`"${key}" is no setting; there are ${Object.keys(defaults).join(', ')}`];
    const problem = valueProblem(key, value, defaults[name]);
    return problem === undefined ? itemProblems(key, value) : [`${key} ${problem}`];
  });
}

function valueProblem(key: string, value: unknown, example: unknown): string | undefined {
  const choices = CHOICES[key];
  if (choices !== undefined)
    return choices.includes(value) ? undefined : `must be one of ${choices.join(', ')}`;
  if (key === 'server.port' && !(Number(value) <= MAX_PORT))
    return `must be a whole number, 0 to ${MAX_PORT}`;
  if (Array.isArray(example)) return Array.isArray(value) ? undefined : 'must be a list';
  if (typeof value !== typeof example && typeof value !== OF_TWO_TYPES[key])
    return `must be a ${typeof example}`;
  if (SHARES.has(key))
    return Number(value) >= 0 && Number(value) <= 1 ? undefined : 'must be a number from 0 to 1';
  const least = FROM_ZERO.has(key) ? 0 : 1;
  if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= least))
    return `must be a whole number, ${least} at least`;
  const isTimed = key.endsWith('Ms') && !WITHOUT_TIMER.has(key);
  if (typeof value === 'number' && isTimed && value > MAX_DURATION_MS)
    return `must be ${MAX_DURATION_MS} at most, which is more than 24 days`;
  return undefined;
}

function itemProblems(key: string, value: unknown): readonly string[] {
  const problemOf = ITEMS[key];
  const items: readonly unknown[] = problemOf !== undefined && Array.isArray(value) ? value : [];
  return items.flatMap((item, index) => {
    const problem = typeof item === 'string' ? problemOf?.(item) : 'must be a text';
    return problem === undefined ? [] : [`${key}[${index}] ${problem}`];
  });
}

function rateProblems({
  userRate,
  sessionRate,
}: NonNullable<GatewayConfigurationInput['limits']>): readonly string[] {
  return Object.entries({ userRate, sessionRate }).flatMap(([name, rate]) => {
    if (rate === undefined) return [];
    const { perSecond, burst }: Unchecked = isObject(rate) ? rate : {};
    const isRate = Number(perSecond) > 0 && Number.isFinite(perSecond) && Number(burst) >= 1;
    return isRate && Number.isSafeInteger(burst)
      ? []
      : [`limits.${name} must have perSecond, a number above 0, and burst, a whole number, 1 at least`];
  });
}

function quotaProblems({
  sessionQuota,
}: NonNullable<GatewayConfigurationInput['limits']>): readonly string[] {
  if (sessionQuota === undefined) return [];
  const { windowMs, ...amounts }: Unchecked = isObject(sessionQuota) ? sessionQuota : {};
  const isQuota = [windowMs, ...Object.values(amounts)].every((amount) => Number(amount) > 0);
  return isQuota
    ? []
    : ['limits.sessionQuota must have windowMs, and may have calls, bytes and busyMs: numbers above 0'];
}

function tokenProblems({
  mode,
  token,
  tokens,
}: NonNullable<GatewayConfigurationInput['auth']>): readonly string[] {
  const problems: string[] = [];
  const [names, known] = [new Set<unknown>(), new Set<unknown>()];
  const check = (key: string, value: unknown): void => {
    // Where nobody is asked for a token, none can be guessed.
    // guard: settings/token
    if (typeof value !== 'string' || (mode !== 'open' && !BEARER.test(value)))
      problems.push(`${key} must be a bearer token of 16 characters or more (RFC 6750, section 2.1)`);
    // guard: settings/same-token
    if (known.has(value)) problems.push(`${key} is the token of somebody else, too`);
    known.add(value);
  };
  if (token !== undefined) check('auth.token', token);
  const others: readonly unknown[] = Array.isArray(tokens) ? tokens : [];
  for (const [index, other] of others.entries()) {
    const { name, token: own }: Unchecked = isObject(other) ? other : {};
    const key = `auth.tokens[${index}]`;
    // guard: settings/principal
    if (typeof name !== 'string' || !USER.test(name))
      problems.push(
        `${key}.name must be 1 to 64 letters, digits and ._@-, and not "owner", "local" or "anonymous"`,
      );
    if (typeof name === 'string' && names.has(name))
      problems.push(`${key}.name: there is a token of "${name}" already`);
    names.add(name);
    check(`${key}.token`, own);
  }
  return problems;
}

function keyProblems(keys: unknown): readonly string[] {
  const given: readonly unknown[] = Array.isArray(keys) ? keys : [];
  return given.flatMap((key, index) =>
    key instanceof Uint8Array && key.byteLength === KEY_BYTES
      ? []
      : [`sealing.keys[${index}] must be ${KEY_BYTES} bytes`],
  );
}

function isObject(value: unknown): value is Unchecked {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
