import type { IncomingMessage } from 'node:http';
import { type ByteReservation, GatewayError, GatheredBytes, UNCOUNTED_BYTES } from '@omni/ports';

const EMPTY = Buffer.alloc(0);

export interface BodyLimits {
  readonly maxBytes: number;
  /** The Content-Length; a body that arrives in one chunk of that size is not copied. */
  readonly declaredBytes: number | undefined;
}

/** Whose request it is. */
export interface BodyOwner {
  /** For what has come of the body; `undefined` where it is not counted. */
  roomForBody(): ByteReservation | undefined;
  /** Called once, before the promise settles. */
  onBodyOver(state: 'read' | 'refused'): void;
}

/**
 * Reads a request body of at most `maxBytes`; stops reading, without ending the connection, when there is
 * more.
 *
 * @throws {@link GatewayError} `OMNI_BODY_TOO_LARGE`, `OMNI_BODY_INCOMPLETE`, `OMNI_OVERLOADED`.
 */
export function readRequestBody(
  request: IncomingMessage,
  owner: BodyOwner,
  { maxBytes, declaredBytes }: BodyLimits,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // Nearly always the only one.
    let first: Buffer | undefined;
    let all: GatheredBytes | undefined;
    let room: ByteReservation | undefined;
    // The listeners stay, which costs less than taking them away. With them a flowing stream goes on, and
    // what still comes is dropped.
    let isOver = false;

    const onEnd = (): void => {
      if (isOver) return;
      isOver = true;
      owner.onBodyOver('read');
      resolve(all?.take() ?? first ?? new Uint8Array(0));
      letGo();
    };
    // The request, and with it these listeners, may live on for as long as the call.
    const letGo = (): void => {
      first = undefined;
      all = undefined;
      room?.release();
    };
    const stop = (error: GatewayError): void => {
      isOver = true;
      letGo();
      owner.onBodyOver('refused');
      reject(error);
    };
    const refuse = (error: GatewayError): void => {
      request.pause();
      stop(error);
    };
    const count = (bytes: number): void => {
      if (bytes > UNCOUNTED_BYTES) room ??= owner.roomForBody();
      // guard: http/room
      if (room?.hold(bytes) === false) {
        refuse(
          new GatewayError(
            'OMNI_OVERLOADED',
            'Clients are sending more than Omni can buffer (limits.maxUnfinishedBytes)',
          ),
        );
      }
    };
    const onData = (chunk: Buffer): void => {
      if (isOver) return;
      const bytes = (all?.length ?? first?.length ?? 0) + chunk.length;
      // guard: advisory/GHSA-f897-chunked, http/chunked-length
      if (bytes > maxBytes) return refuse(tooLarge(maxBytes));
      if (first === undefined) {
        first = chunk;
        if (bytes === declaredBytes) onEnd();
        else count(chunk.buffer.byteLength);
        return;
      }
      if (all === undefined) {
        all = new GatheredBytes();
        all.add(first);
        first = EMPTY;
      }
      all.add(chunk);
      count(all.kept);
    };
    const onClose = (): void => {
      if (!isOver)
        stop(
          new GatewayError(
            'OMNI_BODY_INCOMPLETE',
            'The connection ended before the request body was complete',
          ),
        );
    };
    if (request.destroyed) {
      onClose();
      return;
    }
    request.on('data', onData);
    request.on('end', onEnd);
    request.on('close', onClose);
  });
}

/** The error for a body beyond the limit. */
export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('OMNI_BODY_TOO_LARGE', `The request body exceeds ${maxBytes} bytes`);
}
