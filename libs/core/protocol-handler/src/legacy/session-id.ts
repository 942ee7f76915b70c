/** An id that nobody can guess: 128 random bits in 32 hexadecimal digits. */
export function newSessionId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, /* guard: session/random-id */ (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}
