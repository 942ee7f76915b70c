import type { Principal, ProxySettings, RequestFacts } from '@omni/ports';
import { Networks } from './networks.ts';
import type { RefusedToken } from './verified-token.ts';

/** One name: no comma, which stands between two. */
const USER = /^[^\p{Cc}\p{Cs},\s]{1,255}$/u;
const MAX_KNOWN = 1_000;

/** Who a reverse proxy says its client is. Nobody but the proxy is listened to. */
export class ForwardedIdentity {
  readonly #settings: ProxySettings;
  readonly #proxies: Networks;
  /** The same object for the same words: sessions and limits go by it. */
  readonly #known = new Map<string, Principal>();

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for addresses that are none. */
  constructor(settings: ProxySettings) {
    this.#settings = settings;
    this.#proxies = new Networks(settings.addresses);
  }

  /** @returns `undefined` where no trusted proxy names anybody. */
  find(
    request: Pick<RequestFacts, 'peerAddress' | 'headers' | 'header'>,
  ): Principal | RefusedToken | undefined {
    const { peerAddress } = request;
    if (peerAddress === undefined || /* guard: identity/proxy-address */ !this.#proxies.has(peerAddress))
      return undefined;
    const { userHeader, groupsHeader } = this.#settings;
    const user = request.header(userHeader);
    if (user === undefined || user === '') return undefined;
    const groups = groupsHeader === undefined ? undefined : request.header(groupsHeader);
    // A proxy that adds its header to that of its client would let the client say who it is.
    const isTwice =
      isSentTwice(request, userHeader) || (groupsHeader !== undefined && isSentTwice(request, groupsHeader));
    if (/* guard: identity/proxy-twice */ isTwice || !USER.test(user)) return { refused: 'malformed' };
    return this.#principal(user, groups ?? '');
  }

  #principal(user: string, groups: string): Principal {
    const key = `${user}\n${groups}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const principal: Principal = Object.freeze({
      id: `proxy:${user}`,
      kind: 'proxy',
      claims: {
        issuer: 'proxy',
        subject: user,
        isClient: false,
        groups: groups
          .split(',')
          .map((group) => group.trim())
          .filter((group) => group !== ''),
        scopes: [],
      },
    });
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, principal);
    return principal;
  }
}

function isSentTwice({ headers }: Pick<RequestFacts, 'headers'>, name: string): boolean {
  let times = 0;
  for (let at = 0; at < headers.length; at += 2) if (headers[at]?.toLowerCase() === name) times++;
  return times > 1;
}
