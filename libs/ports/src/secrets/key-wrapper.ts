/**
 * A key that other keys are wrapped with. It may lie elsewhere: what it wraps is sent there, and it never
 * comes here.
 *
 * Both methods fail with a {@link GatewayError}: `OMNI_SECRET_UNAVAILABLE` when it cannot be asked,
 * `OMNI_SECRET_CORRUPT` when what is to be unwrapped was not wrapped with it, or not for this context.
 */
export interface KeyWrapper {
  /** Names the key among all keys, e.g. `file:3f9a1c02`; no secret. */
  readonly id: string;
  /** @param context - What the key is for; the same is needed to unwrap it. */
  wrap(key: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
  /** @returns The caller's own, to be zeroed. */
  unwrap(wrapped: Uint8Array, context: Uint8Array): Promise<Uint8Array>;
}
