import { GatewayError } from '@omni/ports';

/**
 * Runs something with a signal that is aborted when the time is over, or when the outer one is.
 *
 * @throws {@link GatewayError} `OMNI_UPSTREAM_TIMEOUT` through the signal's reason, and whatever the action
 * throws.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  outer: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const overdue = new AbortController();
  const timer = setTimeout(() => {
    overdue.abort(
      new GatewayError('OMNI_UPSTREAM_TIMEOUT', `No answer within ${timeoutMs / 1_000} s`, {
        hint: 'Raise --timeout if it is slow by nature.',
      }),
    );
  }, timeoutMs);
  try {
    return await action(AbortSignal.any([outer, overdue.signal]));
  } finally {
    clearTimeout(timer);
  }
}
