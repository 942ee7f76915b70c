import { BlockList, isIP } from 'node:net';

/** Finds the proxy for requests to an address; `undefined` where there is none. */
export type ProxyOf = (target: URL) => URL | undefined;

/** What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` hold. */
export interface ProxySettings {
  /** For `http:` addresses. */
  readonly http: string | undefined;
  /** For `https:` addresses. */
  readonly https: string | undefined;
  /**
   * Hosts that are reached without: names (their subdomains too), addresses, `address/bits`, each with a port
   * where it matters; `*` for all.
   */
  readonly noProxy: string | undefined;
}

/** For `http:` and for `https:`; the first that is there counts. */
const VARIABLES = [
  ['http_proxy', 'HTTP_PROXY'],
  ['https_proxy', 'HTTPS_PROXY'],
] as const;

/**
 * What holds for the setting `outgoing.proxy`. Names in lower case come first, as everywhere; `HTTP_PROXY` in
 * capitals is set by headers of requests in programs that web servers start (httpoxy), of which Omni is none.
 *
 * @param setting - `environment`, `none` or the address of a proxy.
 */
export function proxySettings(
  setting: string,
  environment: Readonly<Record<string, string | undefined>>,
): ProxySettings {
  const noProxy = environment['no_proxy'] ?? environment['NO_PROXY'];
  if (setting === 'none') return { http: undefined, https: undefined, noProxy };
  if (setting !== 'environment') return { http: setting, https: setting, noProxy };
  const [http, https] = VARIABLES.map((names) => namedIn(environment, names));
  return { http: http?.value, https: https?.value, noProxy };
}

/**
 * Variables of the environment that would count, and hold no address of a proxy that can be used, such as one
 * for SOCKS: servers are reached without it. Their values may hold a password.
 */
export function unusableProxies(
  setting: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (setting !== 'environment') return [];
  return VARIABLES.flatMap((names) => {
    const { name, value } = namedIn(environment, names) ?? { name: '', value: '' };
    return value !== '' && usable(value) === undefined ? [name] : [];
  });
}

function namedIn(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): { readonly name: string; readonly value: string } | undefined {
  const name = names.find((candidate) => environment[candidate] !== undefined);
  return name === undefined ? undefined : { name, value: environment[name] ?? '' };
}

/** Whether a proxy can be used: its address is one, and of a kind that is known. */
function isProxyAddress(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '';
}

/**
 * Loopback is always reached without. An address of a proxy that cannot be used is as good as none, see
 * {@link unusableProxies}.
 */
export function proxyRules({ http, https, noProxy = '' }: ProxySettings): ProxyOf {
  const proxies = { 'http:': usable(http), 'https:': usable(https) };
  const exceptions = noProxy
    .split(/[\s,]+/)
    .filter((item) => item !== '')
    .map(exceptionOf);
  return (target) => {
    if (target.protocol !== 'http:' && target.protocol !== 'https:') return undefined;
    const proxy = proxies[target.protocol];
    if (proxy === undefined || /* guard: outgoing/loopback-proxy */ isLoopback(target.hostname))
      return undefined;
    const host = hostOf(target.hostname);
    const port = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
    return exceptions.some((covers) => covers(host, port)) ? undefined : proxy;
  };
}

/** Whether a host of an URL is this machine, as every resolver has it (RFC 6761, 6.3). */
export function isLoopback(hostname: string): boolean {
  const host = hostOf(hostname);
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}

function usable(address: string | undefined): URL | undefined {
  if (address === undefined || address === '') return undefined;
  // The usual way to write it leaves the protocol out.
  const url = URL.parse(address.includes('://') ? address : `http://${address}`);
  return url !== null && isProxyAddress(url.href) ? url : undefined;
}

type Covers = (host: string, port: string) => boolean;

function exceptionOf(written: string): Covers {
  if (written === '*') return () => true;
  const range = /^(?<address>[^/]+)\/(?<bits>\d{1,3})$/.exec(written);
  if (range?.groups !== undefined)
    return inRange(range.groups['address'] ?? '', Number(range.groups['bits']));
  const parts = isIP(written) === 6 ? undefined : /^(?<host>.+):(?<port>\d{1,5})$/.exec(written);
  const only = parts?.groups?.['port'];
  const name = hostOf((parts?.groups?.['host'] ?? written).toLowerCase().replace(/^\*?\./, ''));
  return (host, port) =>
    (only === undefined || only === port) &&
    (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
}

function inRange(address: string, bits: number): Covers {
  const range = hostOf(address);
  const family = isIP(range);
  if (family === 0 || bits > (family === 4 ? 32 : 128)) return () => false;
  const list = new BlockList();
  list.addSubnet(range, bits, family === 4 ? 'ipv4' : 'ipv6');
  return (host) => isIP(host) === family && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Without the brackets of an IPv6 address and the dot behind a full name. */
function hostOf(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
