import { IGNORED, internalCall } from '@omni/model';
import type { GatewayError } from '@omni/ports';
import { modernParams } from '../connection/mcp-revision.ts';
import type { ProbeConnection, ProbeOutcome } from '../connection/open-connection.ts';

/** Failures of the transport: the other side is gone. */
const GONE: ReadonlySet<string> = new Set(['OMNI_UPSTREAM_EXITED', 'OMNI_UPSTREAM_UNREACHABLE']);

/**
 * Probes with `ping`, or `server/discover` in the modern era, on the connection that is open: never a second
 * process (X000-06). Whatever is answered shows that it lives, a refusal too.
 */
export const probeConnection: ProbeConnection = (connection, { clock, identity, timeoutMs }, done) => {
  const finish = (outcome: ProbeOutcome): void => {
    giveUp();
    done(outcome);
  };
  const call =
    connection.era === 'legacy'
      ? internalCall('ping', '')
      : internalCall('server/discover', modernParams(identity, ''));
  const running = connection.send(call, {
    ...IGNORED,
    onAnswer: () => finish('alive'),
    onFailure: (error) => finish(outcomeOf(error)),
  });
  const cancelTimer = clock.after(timeoutMs, () => finish('silent'));
  const giveUp = (): void => {
    cancelTimer();
    running.cancel();
  };
  return giveUp;
};

function outcomeOf(error: GatewayError): ProbeOutcome {
  if (error.code === 'OMNI_UPSTREAM_TIMEOUT') return 'silent';
  const status = error.data?.['status'];
  const isHard = typeof status === 'number' ? status >= 500 || status === 401 : GONE.has(error.code);
  // What is Omni's own says nothing of the server, and a limit of the server says that it lives.
  return isHard ? error : 'alive';
}
