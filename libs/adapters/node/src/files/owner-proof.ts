import { createHmac } from 'node:crypto';

/**
 * What proves to somebody who has the token of the owner that the program on this port has it, too, without
 * showing it (RFC 2104). The port is a part of it: a program on another one cannot pass the proof of this one
 * off as its own.
 *
 * @param nonce - Made by who asks, for this one time.
 */
export function ownerProof(token: string, nonce: string, port: number): string {
  return createHmac('sha256', token).update(`omni-owner:${port}:${nonce}`).digest('base64url');
}
