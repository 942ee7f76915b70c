import { NOTHING_RUNS, type RequestStage, type RoutedRequest, type RunningCall } from '@omni/model';
import {
  type Clock,
  GatewayError,
  type KeptCallLimits,
  type Millis,
  type Random,
  type UpstreamSpec,
} from '@omni/ports';
import { idempotencyKeyOf, keyedIdentity } from '../outcome/idempotency-key.ts';
import { type CallRecords, type KeyedMember, KeyedRun } from '../outcome/keyed-run.ts';
import { type CutCall, operationId, tellingCuts } from '../outcome/unknown-outcome.ts';
import { isSafeCall } from './unknown-outcomes.ts';

export interface IdempotentCallsOptions {
  readonly specOf: (upstream: string) => UpstreamSpec | undefined;
  readonly records: CallRecords;
  /** How long a call is remembered. */
  readonly retentionMs: Millis;
  /** Of each principal. */
  readonly limits: KeptCallLimits;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
  readonly onCut?: (request: RoutedRequest, upstream: string, cut: CutCall) => void;
}

/** Makes calls of tools that have an idempotency key once, and answers later ones with the same outcome. */
export function idempotentCalls(options: IdempotentCallsOptions): RequestStage {
  const running = new Map<string, KeyedRun>();
  return (request, next) => {
    const { message } = request.context;
    if (message.method !== 'tools/call') return next;
    const key = idempotencyKeyOf(message);
    if (key === undefined) return next;
    return (reply) => {
      if (key instanceof GatewayError) {
        reply.settle({ kind: 'error', error: key });
        return NOTHING_RUNS;
      }
      const keyed = new KeyedRequest();
      keyedIdentity(request, key)
        .then(({ id, digest }) => {
          if (keyed.isCancelled) return;
          const member: KeyedMember = { reply, requestId: message.id, digest };
          let run = running.get(id);
          if (run === undefined) {
            const facts = runFacts(options, request, id, digest);
            run = new KeyedRun({ ...facts, run: next, onOver: () => void running.delete(id) }, member);
            running.set(id, run);
            void run.begin();
          } else run.join(member);
          keyed.waitsFor(run, member);
        })
        .catch((error: unknown) => reply.settle({ kind: 'error', error: GatewayError.from(error) }));
      return keyed;
    };
  };
}

function runFacts(
  { specOf, records, limits, retentionMs, clock, random, onCut }: IdempotentCallsOptions,
  request: RoutedRequest,
  id: string,
  digest: string,
) {
  const { context, upstreams } = request;
  const [upstream = ''] = upstreams;
  const isSafe = isSafeCall(request, specOf(upstream));
  const operation = operationId(random);
  const begunAt = clock.now();
  const tellFailure = tellingCuts(
    context,
    () => operation,
    (cut) => onCut?.(request, upstream, cut),
  );
  // Also where the request ends before its call does.
  if (!isSafe) context.tellFailure = tellFailure;
  return {
    records,
    limits,
    context,
    isSafe,
    tellFailure,
    call: {
      id,
      digest,
      operation,
      principal: context.client.principal.id,
      begunAt,
      keptUntil: begunAt + retentionMs,
    },
    onLost: (lost: string) => onCut?.(request, upstream, { operation: lost, cause: undefined }),
  };
}

/** One request with a key. */
class KeyedRequest implements RunningCall {
  isCancelled = false;
  #leave: ((reason: string | undefined) => void) | undefined;

  waitsFor(run: KeyedRun, member: KeyedMember): void {
    this.#leave = (reason) => run.leave(member, reason);
  }

  cancel(reason?: string): void {
    this.isCancelled = true;
    this.#leave?.(reason);
  }
}
