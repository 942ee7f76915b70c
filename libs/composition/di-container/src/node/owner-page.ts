import { type ListenAddress, ownerProof } from '@omni/node';
import type { Pages } from '../health-pages.ts';

/** A nonce of 16 bytes or more in base64url. */
const PATH = /^\/health\/owner\/([A-Za-z0-9_-]{22,128})$/;

/**
 * The page by which the command `omni` finds out that it talks to the Omni of its user before it shows the
 * token: `/health/owner/{nonce}` is answered with `{"proof":"…"}`. Whoever asks learns nothing about a token
 * of 32 random bytes.
 *
 * @param placeOf - Where HTTP listens; `undefined` as long as it does not.
 */
export function ownerPage(token: string, placeOf: () => ListenAddress | undefined): Pages {
  return (path) => {
    const nonce = PATH.exec(path)?.[1];
    const place = placeOf();
    if (nonce === undefined || place === undefined) return undefined;
    return {
      status: 200,
      contentType: 'application/json',
      body: JSON.stringify({ proof: ownerProof(token, nonce, place) }),
    };
  };
}
