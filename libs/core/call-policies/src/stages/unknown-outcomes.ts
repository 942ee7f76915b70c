import type { RequestStage, RoutedRequest } from '@omni/model';
import { DEFAULT_ROUTING, type Random, type UpstreamSpec } from '@omni/ports';
import { type CutCall, operationId, tellingCuts } from '../outcome/unknown-outcome.ts';
import { isSafe } from '../repeat/call-safety.ts';

export interface UnknownOutcomesOptions {
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly random: Random;
  readonly onCut?: (request: RoutedRequest, upstream: string, cut: CutCall) => void;
}

/** Tells of a tool's call that is cut once it was sent that nobody knows its outcome, unless it is safe. */
export function unknownOutcomes({ specOf, random, onCut }: UnknownOutcomesOptions): RequestStage {
  const operation = (): string => operationId(random);
  return (request, next) => {
    const { context, upstreams, isPinned } = request;
    const [upstream = ''] = upstreams;
    if (context.message.method !== 'tools/call' || isSafeCall(request, specOf(upstream))) return next;
    // It goes on with a call that was sent.
    if (isPinned) context.wasSent = true;
    context.tellFailure = tellingCuts(context, operation, (cut) => onCut?.(request, upstream, cut));
    return next;
  };
}

/** Whether nothing is lost when the call is made again. */
export function isSafeCall({ context, hints }: RoutedRequest, spec: UpstreamSpec | undefined): boolean {
  const { trustsHints: isTrusted } = spec?.routing ?? DEFAULT_ROUTING;
  return isSafe({ method: context.message.method, isTrusted, ...(hints !== undefined && { hints }) });
}
