import { connect } from 'node:net';
import {
  type ChannelDialer,
  type ChannelListener,
  type DialSpec,
  GatewayError,
  type MessageChannel,
  type SocketAddress,
  systemClock,
} from '@omni/ports';
import { WebSocket } from 'ws';
import { errorCode } from '../files/error-code.ts';
import { SocketChannel } from './socket-channel.ts';
import { WebSocketChannel } from './web-socket-channel.ts';
import { CLOSE, upstreamFailure } from './web-socket-end.ts';

/** Settings of {@link NodeChannelDialer}. */
export interface NodeChannelDialerOptions {
  /** For connecting, a TLS handshake and an upgrade included. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Time between pings on a WebSocket. Default 30,000. */
  readonly pingMs?: number;
}

const DEFAULT_CONNECT_MS = 10_000;
const DEFAULT_PING_MS = 30_000;
const SUB_PROTOCOL = 'mcp';

/** Upstreams on Unix sockets, TCP and WebSockets. Redirects are not followed, nothing is compressed. */
export class NodeChannelDialer implements ChannelDialer {
  readonly #connectTimeoutMs: number;
  readonly #pingMs: number;
  readonly #channels = new Set<MessageChannel>();
  #isClosed = false;

  constructor({
    connectTimeoutMs = DEFAULT_CONNECT_MS,
    pingMs = DEFAULT_PING_MS,
  }: NodeChannelDialerOptions = {}) {
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#pingMs = pingMs;
  }

  dial(spec: DialSpec, listener: ChannelListener): MessageChannel {
    // guard: outgoing/after-close
    if (this.#isClosed) return refused(listener, unreachable(spec, 'Omni is stopping', 'CLOSED'));
    let channel: MessageChannel;
    const onGone = (): void => void this.#channels.delete(channel);
    try {
      const { target } = spec;
      channel =
        target.kind === 'socket'
          ? this.#socket(target.address, spec, listener, onGone)
          : this.#webSocket(target, spec, listener, onGone);
    } catch (cause) {
      // What Node and ws refuse before they try: an impossible address, or a header that HTTP forbids.
      return refused(
        listener,
        unreachable(spec, errorCode(cause) ?? 'the address or a header is not possible', 'INVALID', cause),
      );
    }
    this.#channels.add(channel);
    return channel;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#channels].map((channel) => channel.close()));
  }

  #socket(
    address: SocketAddress,
    spec: DialSpec,
    listener: ChannelListener,
    onGone: () => void,
  ): MessageChannel {
    const socket = connect(address);
    const cancel = systemClock.after(this.#connectTimeoutMs, () => {
      if (socket.connecting) socket.destroy(new ConnectTimeout());
    });
    socket.once('connect', cancel);
    socket.once('close', cancel);
    return new SocketChannel(listener, {
      socket,
      maxMessageBytes: spec.maxMessageBytes,
      budget: spec.budget,
      onBroken: (cause, hasConnected) => {
        const reason = errorCode(cause) ?? 'UNKNOWN';
        if (!hasConnected) return unreachable(spec, reason, reason, cause);
        return new GatewayError(
          'OMNI_UPSTREAM_UNREACHABLE',
          `The connection to "${spec.upstream}" broke (${reason})`,
          {
            cause,
            data: { phase: 'body', reason },
          },
        );
      },
      onGone,
    });
  }

  #webSocket(
    { url, headers }: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
    spec: DialSpec,
    listener: ChannelListener,
    onGone: () => void,
  ): MessageChannel {
    const { upstream, maxMessageBytes } = spec;
    const webSocket = new WebSocket(url, [SUB_PROTOCOL], {
      headers: { ...headers },
      maxPayload: /* guard: outgoing/message-size */ maxMessageBytes,
      perMessageDeflate: false,
      followRedirects: /* guard: outgoing/redirect-of-web-socket */ false,
      // guard: outgoing/socket-timeout
      handshakeTimeout: this.#connectTimeoutMs,
    });
    return new WebSocketChannel(listener, {
      webSocket,
      closeCode: CLOSE.normal,
      pingMs: this.#pingMs,
      budget: spec.budget,
      explain: (end) => upstreamFailure(upstream, end, maxMessageBytes),
      onGone,
    });
  }
}

class ConnectTimeout extends Error {
  readonly code = 'CONNECT_TIMEOUT';
}

function unreachable({ upstream }: DialSpec, why: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `Cannot connect to "${upstream}" (${why})`, {
    cause,
    data: { phase: 'connect', reason },
  });
}

/** A channel that was never open. */
function refused(listener: ChannelListener, error: GatewayError): MessageChannel {
  queueMicrotask(() => listener.onClose(error));
  return { send: () => false, close: () => Promise.resolve() };
}
