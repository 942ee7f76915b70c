import { createHmac } from 'node:crypto';

/** Where a program listens. */
export interface ProvenPlace {
  /** Address as the system names it, e.g. `127.0.0.1`, `::1`; `0.0.0.0` and `::` for all. */
  readonly host: string;
  readonly port: number;
}

/**
 * What proves to somebody who has the token of the owner that the program at this place has it, too, without
 * showing it (RFC 2104). Address and port are a part of it: a program on another one, such as the same port
 * of `::1`, cannot pass the proof of this one off as its own.
 *
 * @param nonce - Made by who asks, for this one time.
 */
export function ownerProof(token: string, nonce: string, { host, port }: ProvenPlace): string {
  return createHmac('sha256', token).update(`omni-owner:${host}:${port}:${nonce}`).digest('base64url');
}
