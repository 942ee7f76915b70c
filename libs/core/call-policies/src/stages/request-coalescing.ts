import { memberOf } from '@omni/jsonrpc';
import type { RequestStage, RoutedRequest } from '@omni/model';
import { DEFAULT_ROUTING, sharerOf, type UpstreamSpec } from '@omni/ports';
import { SharedRun } from '../attempts/shared-run.ts';
import { isSafe } from '../repeat/call-safety.ts';
import { isCall } from './called.ts';

export interface RequestCoalescingOptions {
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  /** Told of each request that waits for the answer of another one. */
  readonly onShared?: (request: RoutedRequest, upstream: string) => void;
}

/** In characters: longer parameters are seldom the same, and would be held twice. */
const LONGEST_PARAMS = 65_536;

/**
 * Runs requests once that ask for the same at the same time: safe ones of one client, equal byte for byte. A
 * request that wants progress, or that begins a task, is run by itself.
 */
export function requestCoalescing({ specOf, onShared }: RequestCoalescingOptions): RequestStage {
  const runs = new Map<string, SharedRun>();
  return (request, next) => {
    const { upstreams, context, isPinned, hints } = request;
    const [upstream = ''] = upstreams;
    const { coalesce, trustsHints } = specOf(upstream)?.routing ?? DEFAULT_ROUTING;
    if (coalesce.followers === 0 || isPinned) return next;
    const { method, params } = context.message;
    if (!isCall(method) || request.wantsProgress || memberOf(params, 'task') !== undefined) return next;
    // guard: coalesce/safe
    if (!isSafe({ method, isTrusted: trustsHints, ...(hints !== undefined && { hints }) })) return next;
    const key = keyOfRequest(request);
    if (key === undefined) return next;
    return (reply) => {
      const member = { id: context.message.id, reply, next };
      const open = runs.get(key);
      // guard: coalesce/bounded
      if (open !== undefined && open.size <= coalesce.followers) {
        onShared?.(request, upstream);
        return open.join(member);
      }
      const run = new SharedRun(() => {
        if (runs.get(key) === run) runs.delete(key);
      });
      runs.set(key, run);
      return run.begin(member);
    };
  };
}

/** Equal for requests whose answers are the same for their clients. */
function keyOfRequest({ upstreams, name, context }: RoutedRequest): string | undefined {
  const { message, client, paramHeaders, forwardable } = context;
  const { text, params, method } = message;
  const length = params === undefined ? 0 : params.end - params.start;
  // guard: coalesce/long
  if (length > LONGEST_PARAMS) return undefined;
  const { principal, session, era, endpoint, capabilities, clientInfo } = client;
  return JSON.stringify([
    // guard: coalesce/principal
    sharerOf(principal),
    // guard: coalesce/session
    session?.key,
    era,
    endpoint,
    capabilities,
    clientInfo,
    upstreams,
    method,
    name,
    paramHeaders,
    forwardable,
    // guard: coalesce/bytes
    params === undefined ? '' : text.slice(params.start, params.end),
  ]);
}
