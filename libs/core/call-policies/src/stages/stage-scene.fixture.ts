import { parseMessage, type RpcMessage } from '@omni/jsonrpc';
import {
  type CallContext,
  type CallHandler,
  type CallStage,
  compose,
  type ConnectionFacts,
  type InstanceIdentity,
  internalCall,
  type Outcome,
  type ReplySink,
  type RoutedRequest,
  type ToolHints,
  type UpstreamCall,
} from '@omni/model';
import { DEFAULT_ROUTING, type Principal, type RoutingSettings, type UpstreamSpec } from '@omni/ports';
import { RecordingCall, upstreamSpecOf, type VirtualClock } from '@omni/testing';

export const ADA: Principal = { id: 'ada', kind: 'token' };
const ANSWER = messageOf('{"jsonrpc":"2.0","id":1,"result":{}}');

export function messageOf(text: string): RpcMessage {
  const message = parseMessage(text, { maxDepth: 8, maxElements: 32 });
  if (!('method' in message) && !('result' in message)) throw new TypeError(text);
  return message as RpcMessage;
}

export function specWith(routing: Partial<RoutingSettings>, name = 'up'): UpstreamSpec {
  return {
    ...upstreamSpecOf({ kind: 'channel', open: () => ({ send() {}, close: async () => {} }) as never }),
    name,
    routing: { ...DEFAULT_ROUTING, ...routing },
  };
}

/** A call of a client, as the stages of a connection see it. */
export function callOf(name = 'add', more: Partial<UpstreamCall> = {}): UpstreamCall {
  return { ...internalCall('tools/call', '', name), isInternal: false, caller: ADA, ...more };
}

const IDENTITIES = new WeakMap<UpstreamSpec, Map<string, InstanceIdentity>>();

/** The same for the same instance. */
function identityOf(spec: UpstreamSpec, key: string): InstanceIdentity {
  let known = IDENTITIES.get(spec);
  if (known === undefined) IDENTITIES.set(spec, (known = new Map()));
  let identity = known.get(key);
  if (identity === undefined) known.set(key, (identity = { key }));
  return identity;
}

/** A call that was sent through the stages. */
export class SentCall {
  readonly recorded = new RecordingCall<RpcMessage>();
  /** What the connection tells; `undefined` while nothing was sent. */
  handler: CallHandler | undefined;
  cancelled = false;
  readonly #cancel: (reason: string | undefined) => void;

  /** @param instance - Key of the instance that it goes to. */
  constructor(stages: readonly CallStage[], spec: UpstreamSpec, call: UpstreamCall, instance = 'shared') {
    const at: ConnectionFacts = {
      upstream: spec.name,
      era: 'modern',
      transport: 'http',
      instance: identityOf(spec, instance),
      spec,
    };
    const send = compose(
      stages,
      (_call, handler) => {
        this.handler = handler;
        return { cancel: () => (this.cancelled = true) };
      },
      at,
    );
    const running = send(call, this.recorded);
    this.#cancel = (reason) => running.cancel(reason);
  }

  get failure(): string | undefined {
    return this.recorded.failure?.code;
  }

  answer(status = 200): this {
    this.handler?.onAnswer({ kind: 'message', message: ANSWER, status });
    return this;
  }

  cancel(reason?: string): void {
    this.#cancel(reason);
  }
}

/** A request that is routed, as the stages before its attempts see it. */
export function requestOf(
  method: string,
  {
    hints,
    isPinned = false,
    isAtReplica = false,
    upstreams = ['up'],
    session,
    wantsProgress = false,
  }: {
    readonly hints?: ToolHints;
    readonly isPinned?: boolean;
    readonly isAtReplica?: boolean;
    readonly upstreams?: readonly string[];
    /** Key of its session. */
    readonly session?: string;
    readonly wantsProgress?: boolean;
  } = {},
): RoutedRequest {
  const message = messageOf(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":{}}`);
  // The stages read nothing else of a client.
  const client = {
    principal: ADA,
    ...(session !== undefined && { session: { key: session } }),
  } as CallContext['client'];
  return {
    context: { message, client, paramHeaders: undefined },
    arrivedMs: 0,
    upstreams,
    name: 'add',
    hints,
    wantsProgress,
    isPinned,
    isAtReplica,
  };
}

/** Where the answer to a request goes. */
export class RecordedReply implements ReplySink {
  readonly outcomes: Outcome[] = [];

  /** Code of the error that ended it, or how it ended. */
  get ending(): string | undefined {
    const [outcome] = this.outcomes;
    return outcome?.kind === 'error' || outcome?.kind === 'refused' ? outcome.error.code : outcome?.kind;
  }

  notification(): boolean {
    return true;
  }

  onDrain(listener: () => void): void {
    listener();
  }

  serverRequest(): void {}

  settle(outcome: Outcome): void {
    this.outcomes.push(outcome);
  }
}

/** Microtasks and timers of this time are over. */
export async function pass(clock: VirtualClock, ms: number): Promise<void> {
  await clock.advanceAsync(ms);
}
