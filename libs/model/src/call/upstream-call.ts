import { applyEdits, type RpcMessage, type TextEdit } from '@omni/jsonrpc';
import type { Era, GatewayError, HeaderList, Principal } from '@omni/ports';
import type { ClientBinding, ClientContext } from '../client/client-context.ts';
import type { CallContext } from './call-context.ts';
import type { CallPhase } from './call-phase.ts';
import type { AnswerServerRequest, ChunkSink } from './reply-sink.ts';
import type { RunningCall } from './running-call.ts';

/** One request to an upstream, with the client's parameters still in the client's text. */
export interface UpstreamCall {
  readonly method: string;
  /**
   * Text that holds the parameters between `paramsStart` and `paramsEnd`; equal offsets mean that there are
   * none.
   */
  readonly text: string;
  readonly paramsStart: number;
  readonly paramsEnd: number;
  /** Changes to the parameters. */
  readonly edits: readonly TextEdit[];
  /**
   * Where the client's progress token stands in `text`; connections that share a channel put their own there.
   */
  readonly progressToken: { readonly start: number; readonly end: number } | undefined;
  /** `Mcp-Name` and `Mcp-Param-*` for HTTP upstreams of the modern era; `Mcp-Name` is not encoded yet. */
  readonly name: string | undefined;
  readonly paramHeaders: HeaderList;
  /**
   * What else goes along in headers, where the transport has any, see {@link forwardedHeadersOf}; absent
   * where there is nothing.
   */
  readonly forwardedHeaders?: HeaderList;
  /**
   * The client's id as JSON. Connections whose answers come alone (HTTP) may send it on; others use their
   * own.
   */
  readonly clientId: string;
  /**
   * Who asks, see {@link callerKeyOf}; `undefined` for Omni itself. On a shared connection nobody is told
   * what may be about another one's call.
   */
  readonly callerKey: string | undefined;
  /** In whose share of the limits it counts; absent for Omni itself. */
  readonly caller?: Principal;
  /**
   * Whether Omni makes it for itself: a list, a level, a subscription. Absent where a client waits for the
   * answer.
   */
  readonly isInternal?: boolean;
  /** Whether the answer may come as bytes: nothing in it has to be read or changed. */
  readonly allowPassthrough: boolean;
  /** The request that it is made for hears when it leaves; absent where nobody asks. */
  readonly origin?: Pick<CallContext, 'wasSent'>;
}

/** The same for two requests only when what one is told may reach the other: same principal, same session. */
export function callerKeyOf({ principal, session }: ClientContext): string {
  return `${principal.id}\n${session?.key ?? ''}`;
}

/** The parameters as they go to the upstream. */
export function callParams(call: UpstreamCall, extra: readonly TextEdit[] = []): string {
  return applyEdits(
    call.text,
    extra.length === 0 ? call.edits : [...call.edits, ...extra],
    call.paramsStart,
    call.paramsEnd,
  );
}

/** A call without a client behind it, e.g. a list. `params` is JSON or empty. */
export function internalCall(method: string, params: string, name?: string): UpstreamCall {
  return {
    method,
    text: params,
    paramsStart: 0,
    paramsEnd: params.length,
    edits: [],
    progressToken: undefined,
    name,
    paramHeaders: [],
    clientId: '1',
    callerKey: undefined,
    isInternal: true,
    allowPassthrough: false,
  };
}

/** What an upstream answered. */
export type UpstreamAnswer =
  /**
   * A response message; `id` in it is the upstream's, not the client's. `status` is 200 where there is no
   * HTTP.
   */
  | { readonly kind: 'message'; readonly message: RpcMessage; readonly status: number }
  /**
   * A JSON body that begins or ends with the client's id as this connection sent it: it can go on untouched.
   */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly status: number };

/** Told what happens to a call: notifications and requests in order, then one of answer and failure. */
export interface CallHandler {
  /**
   * In the client's terms: the progress token is the client's.
   *
   * @returns `false` to ask for a pause, see {@link ReplySink}.
   */
  onNotification(message: RpcMessage): boolean;
  onDrain(listener: () => void): void;
  /** `signal`: the upstream does not want the answer any more. */
  onServerRequest(message: RpcMessage, answer: AnswerServerRequest, signal?: AbortSignal): void;
  onAnswer(answer: UpstreamAnswer): void;
  /** Also ends an answer that has begun to go to {@link chunks}. */
  onFailure(error: GatewayError, phase: CallPhase): void;
  /**
   * Where an answer that may be passed as bytes can go while it comes, in place of {@link onAnswer}; absent
   * where it is wanted whole. Asked for once.
   */
  readonly chunks?: ChunkSink | undefined;
}

/** One open connection to one instance of an upstream, in one era. */
export interface UpstreamConnection {
  readonly upstream: string;
  readonly era: Era;
  /**
   * Whose client capabilities the upstream was told; `undefined` when clients share the connection: then it
   * was told none.
   */
  readonly binding: ClientBinding | undefined;
  /** Whether the upstream may hear of folders from its clients (`UpstreamSpec.roots`). Absent: it may not. */
  readonly passesRoots?: boolean;
  /** Whether answers may be passed on as bytes (each comes in an HTTP exchange of its own). */
  readonly keepsClientId: boolean;
  /** What the upstream said of itself: `DiscoverResult` or `InitializeResult`, as a response message. */
  readonly handshake: RpcMessage;
  /**
   * Sends a call. Nothing is thrown. The handler is told nothing before this has returned, nothing after a
   * cancel, and the end once; {@link refusedCall} is for calls that end here.
   */
  send(call: UpstreamCall, handler: CallHandler): RunningCall;
  /** `params` is JSON or empty. */
  notify(method: string, params: string): void;
  /**
   * Hears what a legacy server says of tasks on a connection that clients share, where only the id of the
   * task tells whose it is. The last listener counts. Absent where there is nothing to hear.
   */
  hearTasks?(listener: (notification: RpcMessage) => void): void;
}
