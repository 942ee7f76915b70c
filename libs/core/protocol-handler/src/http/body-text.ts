import { GatewayError } from '@omni/ports';

// Keeps a byte order mark, which is then no JSON, and refuses what is not UTF-8.
const DECODER = new TextDecoder('utf-8', { fatal: /* guard: request/utf8 */ true, ignoreBOM: true });

/** The text of a request body; `OMNI_JSON_INVALID` when it is not UTF-8. */
export function bodyText(bytes: Uint8Array): string | GatewayError {
  try {
    return DECODER.decode(bytes);
  } catch (cause) {
    return new GatewayError('OMNI_JSON_INVALID', 'The body is not valid UTF-8', { cause });
  }
}
