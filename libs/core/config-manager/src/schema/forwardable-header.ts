/**
 * Credentials that are meant for Omni, what holds for one connection or one body, what changes the kind of
 * answer, and what Omni says itself: of these a client's never go on to a server.
 */
const NEVER =
  /^(?:authorization|proxy-.*|(?:set-)?cookie2?|www-authenticate|host|origin|referer|connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|expect|content-.*|accept.*|range|if-.*|sec-.*|mcp-.*|last-event-id|traceparent|tracestate|baggage|forwarded|x-forwarded.*|x-real-ip|via)$/i;

/** Whether a configuration may have this header of clients passed on (PROTO-R22, PROTO-R23). */
export function mayForward(name: string): boolean {
  return !NEVER.test(name);
}
