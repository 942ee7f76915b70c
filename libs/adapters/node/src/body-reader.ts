import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@omni/ports';
import { ByteBuffer } from './byte-buffer.ts';

/**
 * Reads a request body of at most `maxBytes`; stops reading, without ending the connection, when there is more.
 *
 * @param declaredBytes - The Content-Length; a body that arrives in one piece of that size is not copied.
 * @throws {@link GatewayError} `OMNI_BODY_TOO_LARGE`, `OMNI_BODY_INCOMPLETE`.
 */
export function readRequestBody(request: IncomingMessage, maxBytes: number, declaredBytes: number | undefined): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let rest: ByteBuffer | undefined;

    const stop = (): void => {
      request.off('data', onData);
      request.off('end', onEnd);
      request.off('close', onClose);
    };
    const onData = (chunk: Buffer): void => {
      const bytes = (rest?.length ?? first?.length ?? 0) + chunk.length;
      if (bytes > maxBytes) {
        stop();
        request.pause();
        reject(tooLarge(maxBytes));
        return;
      }
      if (first === undefined) {
        first = chunk;
        if (bytes === declaredBytes) onEnd();
        return;
      }
      if (rest === undefined) {
        rest = new ByteBuffer(maxBytes);
        rest.append(first, 0, first.length);
      }
      rest.append(chunk, 0, chunk.length);
    };
    const onEnd = (): void => {
      stop();
      // Without a listener a flowing stream goes on and drops what comes, here only the end.
      resolve(rest?.view() ?? first ?? new Uint8Array(0));
    };
    const onClose = (): void => {
      stop();
      reject(new GatewayError('OMNI_BODY_INCOMPLETE', 'The connection ended before the request body was complete'));
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
