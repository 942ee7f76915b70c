import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { GatewayError, systemClock } from '@omni/ports';
import { errorCode } from '../files/error-code.ts';

/** A process that does not take a connection in this time is alive all the same. */
const PROBE_MS = 1_000;

/**
 * Removes a Unix socket whose process is gone, as a crash leaves it.
 *
 * @throws {@link GatewayError} `OMNI_LISTEN_IN_USE` when somebody answers, `OMNI_LISTEN_DENIED` when it is no
 * socket or cannot be removed.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  try {
    // guard: socket/no-socket
    if (!(await lstat(path)).isSocket()) {
      throw new GatewayError('OMNI_LISTEN_DENIED', `${path} exists and is no socket`, {
        hint: 'Move it away, or choose another path.',
      });
    }
    // guard: socket/in-use
    if (await isAnswered(path))
      throw new GatewayError('OMNI_LISTEN_IN_USE', `Another program listens on ${path}`);
    await unlink(path);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    if (errorCode(cause) === 'ENOENT') return;
    throw new GatewayError(
      'OMNI_LISTEN_DENIED',
      `Cannot replace ${path} (${errorCode(cause) ?? 'unknown reason'})`,
      { cause },
    );
  }
}

/** Only a refused connection says that nobody is there. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (isThere: boolean): void => {
      cancel();
      socket.destroy();
      resolve(isThere);
    };
    const cancel = systemClock.after(PROBE_MS, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', (error) => settle(errorCode(error) !== 'ECONNREFUSED'));
  });
}
