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

/** Writes one message as an event. @returns What {@link ResponseStream.write} returned. */
export function writeEvent(stream: ResponseStream, message: Payload): boolean {
  if (typeof message !== 'string') {
    if (!message.includes(0x0a) && !message.includes(0x0d)) {
      stream.write('event: message\ndata: ');
      stream.write(message);
      return stream.write('\n\n');
    }
    return writeEvent(stream, new TextDecoder().decode(message));
  }
  // Line breaks in JSON stand between tokens only; each line gets its own data field and the reader joins them again.
  const data = message.includes('\n') || message.includes('\r') ? message.replace(LINE_BREAK, '\ndata: ') : message;
  return stream.write(`event: message\ndata: ${data}\n\n`);
}
