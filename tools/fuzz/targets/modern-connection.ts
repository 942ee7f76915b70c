import { parseMessage } from '@omni/jsonrpc';
import { type ByteBudget, CountedByteBudget } from '@omni/ports';
import { type ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import {
  connectionContext,
  InstanceHttp,
  ModernHttpConnection,
  UpstreamCredentials,
  type UpstreamLimits,
} from '@omni/upstreams';

export interface ModernConnectionOptions {
  readonly http: ScriptedHttpClient;
  /** Default: those of a gateway. */
  readonly limits?: Partial<UpstreamLimits>;
  /** For unfinished messages. Default: one of the connection's own. */
  readonly budget?: ByteBudget;
}

/** A connection of the modern era to a server whose answers are scripted. */
export function modernConnection(options: ModernConnectionOptions): ModernHttpConnection {
  const { http, limits, budget } = options;
  const clock = new VirtualClock();
  const url = 'http://up.test/mcp';
  const spec = upstreamSpecOf({ kind: 'http', url, headers: {} });
  const identity = { name: 'omni', version: '1' };
  const shared = connectionContext({ clock, identity, http, random: () => 0, ...(limits && { limits }) });
  const own = new CountedByteBudget(shared.limits.maxUnfinishedBytes).of('up');
  const context = { ...shared, budget: budget ?? own };
  const handshake = parseMessage('{"jsonrpc":"2.0","id":1,"result":{}}', { maxDepth: 8, maxElements: 8 });
  if (handshake.kind !== 'response') throw new TypeError('The handshake is no response');
  return new ModernHttpConnection({
    spec,
    context,
    credentials: new UpstreamCredentials({ ...context, spec }),
    events: { onClosed() {}, onListsChanged() {}, onResourceUpdated: () => false, onReinitialized() {} },
    binding: undefined,
    onReport() {},
    http: new InstanceHttp(http, clock),
    url,
    handshake,
  });
}
