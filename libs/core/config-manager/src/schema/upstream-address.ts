import type { SocketAddress } from '@omni/ports';
import { listenAddress } from './listen-address.ts';

/** How an upstream with an address is reached. */
export type AddressKind = 'http' | 'sse' | 'ws' | 'unix' | 'tcp';

interface Shape {
  readonly schemes: readonly string[];
  /** What to write. */
  readonly words: string;
}

const WEB: Shape = { schemes: ['https:', 'http:'], words: '"https://" or "http://"' };
const SHAPES: Readonly<Record<AddressKind, Shape>> = {
  http: WEB,
  sse: WEB,
  ws: { schemes: ['wss:', 'ws:'], words: '"wss://" or "ws://"' },
  unix: { schemes: ['unix:'], words: '"unix:" and an absolute path' },
  tcp: { schemes: ['tcp:'], words: '"tcp://"' },
};
const PIPE_PREFIX = String.raw`\\.\pipe` + '\\';

/** What the scheme of an address says; `undefined` when it says nothing. */
export function addressKind(url: string): Exclude<AddressKind, 'sse'> | undefined {
  const scheme = URL.parse(url)?.protocol ?? '';
  return (['http', 'ws', 'unix', 'tcp'] as const).find((kind) => SHAPES[kind].schemes.includes(scheme));
}

/**
 * What is wrong with an address; does not quote it, since it may hold a credential.
 *
 * @param kind - Absent when any would do.
 */
export function addressFlaw(url: string, kind: AddressKind | undefined): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return 'must be an address such as "https://mcp.example.com/mcp"';
  const { protocol, username, password, hash } = parsed;
  if (kind === undefined)
    return 'must start with "https://", "http://", "wss://", "ws://", "unix:" or "tcp://"';
  if (!SHAPES[kind].schemes.includes(protocol)) return `must start with ${SHAPES[kind].words}`;
  if (kind === 'unix' || kind === 'tcp') {
    if (socketAddress(url) !== undefined) return undefined;
    return kind === 'unix'
      ? 'must be "unix:" and an absolute path, such as "unix:/run/mcp.sock"'
      : 'must be "tcp://HOST:PORT", such as "tcp://127.0.0.1:9000"';
  }
  // guard: config/url-credential
  if (username !== '' || password !== '')
    return 'cannot hold a user name or password; write "headers": { "Authorization": "Basic ${NAME}" }';
  return kind === 'ws' && hash !== '' ? 'cannot hold a "#" part' : undefined;
}

/**
 * Where a `unix:` or `tcp:` address leads; `undefined` when it is none. A named pipe of Windows stands behind
 * `unix:` as it is.
 */
export function socketAddress(url: string): SocketAddress | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.search !== '' || parsed.hash !== '') return undefined;
  if (parsed.protocol === 'unix:') return parsed.host === '' ? pathAddress(parsed.pathname) : undefined;
  if (
    parsed.protocol !== 'tcp:' ||
    parsed.username !== '' ||
    parsed.password !== '' ||
    !['', '/'].includes(parsed.pathname)
  )
    return undefined;
  const address = listenAddress(parsed.host);
  return address === undefined || address.port === 0 ? undefined : address;
}

function pathAddress(pathname: string): SocketAddress | undefined {
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  // guard: config/nul-in-path
  if (path.includes('\0')) return undefined;
  return path.startsWith('/') || path.startsWith(PIPE_PREFIX) ? { path } : undefined;
}
