import { MAX_DURATION_MS } from '@omni/config';
import { GatewayError, type UpstreamSpec } from '@omni/ports';
import type { GatewayAdapters, GatewayUpstream } from '../gateway-options.ts';

/** Definitions as code without types may give them. */
type Unchecked = Readonly<Record<string, unknown>>;

const ADAPTERS = {
  stdio: 'launcher',
  http: 'http',
  sse: 'http',
  websocket: 'dialer',
  socket: 'dialer',
} as const satisfies Readonly<Record<string, keyof GatewayAdapters>>;
const PROTOCOLS: readonly unknown[] = ['auto', 'legacy', '2026-07-28'] satisfies UpstreamSpec['protocol'][];
const INSTANCES: readonly unknown[] = [
  'auto',
  'shared',
  'per-user',
  'per-session',
  'per-request',
] satisfies UpstreamSpec['instances'][];
const TIMES = ['connectTimeoutMs', 'callTimeoutMs', 'maxCallTimeMs'] as const;
const SHORTEST_LIST_AGE_MS = 5_000;

/**
 * Refuses definitions that are not whole, and servers that cannot be reached from this runtime. Whether names
 * are names, and unique, is for the registry.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`: one line for each problem.
 */
export function checkDefinitions(
  definitions: readonly GatewayUpstream[],
  adapters: Readonly<Record<'launcher' | 'http' | 'dialer', unknown>>,
): void {
  const given: unknown = definitions;
  const problems = Array.isArray(given)
    ? given.flatMap((definition: unknown, index) => problemsOf(definition, index, adapters))
    : ['The definitions of servers are a list'];
  if (problems.length === 0) return;
  throw new GatewayError('OMNI_CONFIG_INVALID', problems.join('\n'), {
    data: { problems },
    hint: 'Correct what the program gives as upstreams; inProcessUpstream and parseConfiguration give whole definitions.',
  });
}

function problemsOf(
  definition: unknown,
  index: number,
  adapters: Readonly<Record<'launcher' | 'http' | 'dialer', unknown>>,
): readonly string[] {
  if (!isObject(definition)) return [`upstreams[${index}] is no definition of a server`];
  const { name, enabled, transport } = definition;
  if (typeof name !== 'string') return [`upstreams[${index}] has no name`];
  const where = JSON.stringify(name);
  const problems = [...settingProblems(definition)];
  const kind = isObject(transport) ? transport['kind'] : undefined;
  if (typeof kind !== 'string' || !(kind === 'channel' || Object.hasOwn(ADAPTERS, kind)))
    problems.push('transport.kind must be one of channel, stdio, http, sse, websocket, socket');
  else if (enabled === true && isObject(transport))
    problems.push(...transportProblems(kind, transport, adapters));
  return problems.map((problem) => `${where}: ${problem}`);
}

function settingProblems(definition: Unchecked): readonly string[] {
  const { enabled, protocol, instances, critical, secretValues, listAgeMs, forwardHeaders } = definition;
  const problems: string[] = [];
  if (typeof enabled !== 'boolean') problems.push('enabled must be true or false');
  if (typeof critical !== 'boolean') problems.push('critical must be true or false');
  if (!PROTOCOLS.includes(protocol)) problems.push(`protocol must be one of ${PROTOCOLS.join(', ')}`);
  if (!INSTANCES.includes(instances)) problems.push(`instances must be one of ${INSTANCES.join(', ')}`);
  for (const time of TIMES)
    if (!isDuration(definition[time], 1))
      problems.push(`${time} must be a whole number of milliseconds, ${MAX_DURATION_MS} at most`);
  if (listAgeMs !== undefined && !isDuration(listAgeMs, SHORTEST_LIST_AGE_MS))
    problems.push(
      `listAgeMs must be a whole number of milliseconds, ${SHORTEST_LIST_AGE_MS} to ${MAX_DURATION_MS}`,
    );
  if (!isTexts(secretValues)) problems.push('secretValues must be a list of texts');
  if (forwardHeaders !== undefined && !(isTexts(forwardHeaders) && forwardHeaders.every(isLowerCase)))
    problems.push('forwardHeaders must be a list of names of headers in lower case');
  return problems;
}

function transportProblems(
  kind: string,
  transport: Unchecked,
  adapters: Readonly<Record<'launcher' | 'http' | 'dialer', unknown>>,
): readonly string[] {
  if (kind === 'channel')
    return typeof transport['open'] === 'function' ? [] : ['transport.open must be a function'];
  // Holds: every other kind has been found among them.
  const adapter = ADAPTERS[kind as keyof typeof ADAPTERS];
  const problems =
    adapters[adapter] === undefined ? [`it needs the transport ${kind}, which is not available here`] : [];
  if (kind === 'stdio') {
    const { command, args, env } = transport;
    if (typeof command !== 'string' || command === '') problems.push('transport.command must name a program');
    if (!isTexts(args)) problems.push('transport.args must be a list of texts');
    if (!isObject(env)) problems.push('transport.env must be an object of texts');
  } else if (kind === 'socket') {
    if (!isObject(transport['address'])) problems.push('transport.address must be a path, or host and port');
  } else {
    const { url, headers } = transport;
    if (typeof url !== 'string' || !URL.canParse(url)) problems.push('transport.url must be an address');
    if (!isObject(headers)) problems.push('transport.headers must be an object of texts');
  }
  return problems;
}

function isObject(value: unknown): value is Unchecked {
  return typeof value === 'object' && value !== null;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isDuration(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= MAX_DURATION_MS;
}

function isLowerCase(text: string): boolean {
  return text === text.toLowerCase();
}
