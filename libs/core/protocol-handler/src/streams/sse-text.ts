import type { HeaderList, Payload, ResponseStream } from '@omni/ports';

/** Headers of every event stream: nothing in between may hold events back or change them. */
export const EVENT_STREAM_HEADERS: HeaderList = [
  'Content-Type',
  'text/event-stream',
  'Cache-Control',
  'no-cache, no-transform',
  'X-Accel-Buffering',
  'no',
];

export const JSON_HEADERS: HeaderList = ['Content-Type', 'application/json'];

/** A comment that keeps proxies and clients from giving an idle stream up. */
export const KEEP_ALIVE_COMMENT = ': keep-alive\n\n';

const LINE_BREAK = /\r\n|\r|\n/g;

/**
 * Writes one message as an event.
 *
 * @param id - Of the event, in streams that can be resumed.
 * @returns What {@link ResponseStream.write} returned.
 */
export function writeEvent(stream: ResponseStream, message: Payload, id?: string): boolean {
  const head = id === undefined ? 'event: message\ndata: ' : `id: ${id}\nevent: message\ndata: `;
  if (typeof message !== 'string') {
    if (!message.includes(0x0a) && !message.includes(0x0d)) {
      stream.write(head);
      stream.write(message);
      return stream.write('\n\n');
    }
    return writeEvent(stream, new TextDecoder().decode(message), id);
  }
  // Line breaks in JSON stand between tokens only; each line gets its own data field and the reader joins
  // them again.
  const data =
    message.includes('\n') || message.includes('\r') ? message.replace(LINE_BREAK, '\ndata: ') : message;
  return stream.write(`${head}${data}\n\n`);
}

/**
 * Gives a stream an id before its first message, so that it can be resumed from the start.
 *
 * @see MCP 2025-11-25, basic/transports, "Sending Messages to the Server": an event with an id and empty
 * data.
 */
export function writePrimingEvent(stream: ResponseStream, id: string): void {
  stream.write(`id: ${id}\ndata: \n\n`);
}
