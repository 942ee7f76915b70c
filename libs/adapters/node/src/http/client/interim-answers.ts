import type { Socket } from 'node:net';

/** An interim answer may not be longer than this. */
const MAX_LENGTH = 16 * 1024;
const BEGINNING = Buffer.from('HTTP/1.1 1');
const STATUS_LENGTH = 'HTTP/1.1 100'.length;
const SWITCHING = 'HTTP/1.1 101';
const END = Buffer.from('\r\n\r\n');
/** Where the first digit of a status stands: almost every head is told from an interim one by it alone. */
const CLASS_AT = 'HTTP/1.1 '.length;
const INTERIM = 0x31;

type WriteDone = (error?: Error | null) => void;

/**
 * Leaves interim answers (1xx) out of what is read from a connection to a server. Servers send them unasked,
 * and a client passes over them (RFC 9110, 15.2), but undici takes `100 Continue` for an error.
 *
 * What is read first after something was written is the head of an answer, as requests are never pipelined.
 *
 * @param socket - Read by `read()` and never by `data` events.
 */
export function skipInterimAnswers(socket: Socket): void {
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket);
  let isAtHead = false;
  /** The beginning of what may be an interim answer. */
  let held: Buffer | undefined;
  // Buffers throughout: nobody sets an encoding here.
  const next = (): Buffer | null => read() as Buffer | null;
  // The same parameters, whichever of its forms is called.
  // One of its forms stands for all: what is absent is `undefined` to the stream, too.
  socket.write = ((chunk: string | Uint8Array, encoding?: BufferEncoding, done?: WriteDone) => {
    isAtHead = true;
    return write(chunk, encoding, done);
  }) as typeof socket.write;
  socket.read = (size?: number): Buffer | null => {
    // The stream itself asks for a number of bytes, to have more come in.
    if (size !== undefined) return read(size) as Buffer | null;
    let chunk = next();
    if (!isAtHead) return chunk;
    if (held === undefined && chunk !== null && chunk.length > CLASS_AT && chunk[CLASS_AT] !== INTERIM) {
      isAtHead = false;
      return chunk;
    }
    while (isAtHead && chunk !== null) {
      const bytes: Buffer = held === undefined ? chunk : Buffer.concat([held, chunk]);
      held = undefined;
      // guard: outgoing/interim-length
      if (!mayBeInterim(bytes) || bytes.length > MAX_LENGTH) {
        isAtHead = false;
        return bytes;
      }
      const end = bytes.indexOf(END);
      if (end < 0) {
        held = bytes;
        chunk = next();
      } else if (end + END.length === bytes.length) chunk = next();
      else chunk = bytes.subarray(end + END.length);
    }
    return chunk;
  };
}

function mayBeInterim(bytes: Buffer): boolean {
  const compared = Math.min(bytes.length, BEGINNING.length);
  if (bytes.compare(BEGINNING, 0, compared, 0, compared) !== 0) return false;
  return bytes.length < STATUS_LENGTH || bytes.toString('latin1', 0, STATUS_LENGTH) !== SWITCHING;
}
