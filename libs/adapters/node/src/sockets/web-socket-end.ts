import { GatewayError } from '@omni/ports';

/** How a WebSocket came to its end. */
export type WebSocketEnd =
  /** We closed it, or the other side did in good order. */
  | { readonly kind: 'closed' }
  /** It was never open. `status`: the HTTP status that answered the upgrade, when there was one. */
  | { readonly kind: 'refused'; readonly reason: string; readonly status: number | undefined }
  /** The other side sent what it must not; this is the code that we closed with. */
  | { readonly kind: 'violated'; readonly code: number }
  /** The other side closed with a code that is a complaint. */
  | { readonly kind: 'complained'; readonly code: number }
  /** The other side took nothing of what waited for it for too long. */
  | { readonly kind: 'stalled' }
  /** There was no room for the rest of what it was sending. */
  | { readonly kind: 'no-room' }
  /** It broke, or no ping was answered. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Close codes of RFC 6455, section 7.4.1, and of the IANA registry that are used here. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  noCode: 1005,
  abnormal: 1006,
  invalidText: 1007,
  policy: 1008,
  tooBig: 1009,
  tryAgainLater: 1013,
} as const;

const IN_GOOD_ORDER: ReadonlySet<number> = new Set([CLOSE.normal, CLOSE.goingAway, CLOSE.noCode]);

const COMPLAINTS: Readonly<Record<number, string>> = {
  1002: 'says that Omni broke the WebSocket protocol',
  1003: 'does not take text frames',
  1007: 'says that Omni sent invalid text',
  1008: 'closed the connection by its policy',
  1009: 'was sent a longer message than it takes',
  1011: 'failed',
  1012: 'is restarting',
  1013: 'is overloaded',
};

/** Whether a close code that was received says that all is well. */
export function isGoodOrder(code: number): boolean {
  return IN_GOOD_ORDER.has(code);
}

/** The end of a WebSocket to an upstream, as `ChannelDialer` tells it. */
export function upstreamFailure(
  upstream: string,
  end: WebSocketEnd,
  maxMessageBytes: number,
): GatewayError | undefined {
  switch (end.kind) {
    case 'closed':
      return undefined;
    case 'refused':
      if (end.status !== undefined)
        return new GatewayError(
          'OMNI_UPSTREAM_HTTP_STATUS',
          `"${upstream}" answered the WebSocket upgrade with status ${end.status}`,
          {
            data: { phase: 'connect', status: end.status },
          },
        );
      return unreachable(`Cannot open a WebSocket to "${upstream}" (${end.reason})`, 'connect', end.reason);
    case 'violated':
      if (end.code === CLOSE.tooBig)
        return new GatewayError(
          'OMNI_UPSTREAM_TOO_LARGE',
          `"${upstream}" sent a message of more than ${maxMessageBytes} bytes; its connection was closed`,
        );
      return new GatewayError(
        'OMNI_UPSTREAM_PROTOCOL',
        `"${upstream}" sent a frame that is no text message; its connection was closed with ${end.code}`,
      );
    case 'complained':
      return unreachable(
        `"${upstream}" ${COMPLAINTS[end.code] ?? 'closed the connection'} (close code ${end.code})`,
        'body',
        String(end.code),
      );
    case 'stalled':
      return unreachable(`"${upstream}" does not read what it is sent`, 'body', 'STALLED');
    case 'no-room':
      return new GatewayError(
        'OMNI_MEMORY_FULL',
        `The budget for unfinished messages is full, so one of "${upstream}" was dropped (limits.maxUnfinishedBytes); its connection was closed`,
      );
    case 'broken':
      return unreachable(`The connection to "${upstream}" broke (${end.reason})`, 'body', end.reason);
  }
}

function unreachable(message: string, phase: 'connect' | 'body', reason: string): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_UNREACHABLE', message, { data: { phase, reason } });
}
