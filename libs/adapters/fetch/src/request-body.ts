import { type ByteReservation, GatewayError, GatheredBytes, UNCOUNTED_BYTES } from '@omni/ports';

export interface BodyOptions {
  readonly maxBytes: number;
  /** For what has come of the body; `undefined` where it is not counted. */
  readonly roomForBody: () => ByteReservation | undefined;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

/**
 * Reads a body of at most `maxBytes`; stops reading when there is more.
 *
 * @throws {@link GatewayError} `OMNI_BODY_TOO_LARGE`, `OMNI_BODY_INCOMPLETE`, `OMNI_OVERLOADED`.
 */
export async function readStream(
  stream: ReadableStream<Uint8Array>,
  { maxBytes, roomForBody, gone }: BodyOptions,
): Promise<Uint8Array> {
  if (gone.aborted) throw incomplete();
  const reader = stream.getReader();
  const all = new GatheredBytes();
  let room: ByteReservation | undefined;
  // Ends a read that waits; not every runtime ends the body with the signal.
  const stop = (): void => void reader.cancel().catch(() => {});
  gone.addEventListener('abort', stop);
  try {
    for (;;) {
      const { done, value } = await chunkOf(reader);
      if (gone.aborted) throw incomplete();
      if (done) return all.take();
      // guard: fetch/body-limit
      if (all.length + value.byteLength > maxBytes) throw tooLarge(maxBytes);
      all.add(value);
      if (all.kept > UNCOUNTED_BYTES) room ??= roomForBody();
      // guard: fetch/room
      if (room?.hold(all.kept) === false) {
        throw new GatewayError(
          'OMNI_OVERLOADED',
          'Clients are sending more than Omni can buffer (limits.maxUnfinishedBytes)',
        );
      }
    }
  } catch (error) {
    stop();
    throw error;
  } finally {
    gone.removeEventListener('abort', stop);
    room?.release();
  }
}

/** The error for a body beyond the limit. */
export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('OMNI_BODY_TOO_LARGE', `The request body exceeds ${maxBytes} bytes`);
}

async function chunkOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (cause) {
    throw incomplete(cause);
  }
}

function incomplete(cause?: unknown): GatewayError {
  const message = 'The connection ended before the request body was complete';
  return new GatewayError('OMNI_BODY_INCOMPLETE', message, { cause });
}
