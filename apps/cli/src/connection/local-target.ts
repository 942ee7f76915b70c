import { createNodeMasterServer, loadConfiguration } from '@omni/container/node';
import { GatewayError } from '@omni/ports';
import { ChannelConnection } from './channel-connection.ts';
import type { Target } from './target.ts';

export interface LocalTargetOptions {
  readonly config: string;
  /** How long servers may take to start, in milliseconds. */
  readonly settleMs: number;
  readonly logLevel: 'debug' | 'error';
  readonly signal: AbortSignal;
}

/**
 * Runs a configuration in this process, without a listener, and waits until each server is up or has failed.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_*`, or why the signal was aborted.
 */
export async function openLocalTarget(
  { config, settleMs, logLevel, signal }: LocalTargetOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Target> {
  const configuration = await loadConfiguration(config, environment);
  const server = await createNodeMasterServer({ configuration, logLevel, startGraceMs: settleMs });
  const close = (): Promise<void> => server.stop({ deadlineMs: 0 });
  try {
    await server.start();
    await Promise.race([server.whenSettled(), rejectedBy(signal)]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    servers: () => Promise.resolve(server.upstreams()),
    connect: (name) => new ChannelConnection(server.connect(name)),
    close,
  };
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(GatewayError.from(signal.reason));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
