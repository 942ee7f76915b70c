/**
 * Calls code of whoever embeds Omni, such as a listener: what it throws, or rejects with later, reaches its
 * caller by `onFailure` alone.
 */
export function callForeign(call: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    const result = call();
    if (isThenable(result)) result.then(undefined, onFailure);
  } catch (error) {
    onFailure(error);
  }
}

/** Whether it is a promise, of this runtime or of a library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
