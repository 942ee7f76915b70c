import { createNodeMasterServer, loadConfiguration } from '@omni/container/node';
import { configurationReport } from '@omni/master-server';
import { GatewayError } from '@omni/ports';
import { ChannelConnection } from './channel-connection.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Target } from './target.ts';

export interface LocalTargetOptions {
  readonly config: string;
  readonly strict: boolean;
  /** How long servers may take to start, in milliseconds. */
  readonly settleMs: number;
  readonly logLevel: 'debug' | 'error';
  readonly signal: AbortSignal;
}

/**
 * Runs a configuration in this process, without a listener, and waits until each server is up or has failed.
 * What is to be said of the configuration goes to stderr.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_*`, or why the signal was aborted.
 */
export async function openLocalTarget(
  { config, strict, settleMs, logLevel, signal }: LocalTargetOptions,
  terminal: Pick<Terminal, 'environment' | 'writeErr'>,
): Promise<Target> {
  const configuration = await loadConfiguration(config, terminal.environment, { strict });
  terminal.writeErr(configurationReport(configuration));
  const server = await createNodeMasterServer({
    ...{ configuration, logLevel, startGraceMs: settleMs },
    secrets: { settings: configuration.secrets, environment: terminal.environment },
  });
  const close = (): Promise<void> => server.stop({ deadlineMs: 0 });
  try {
    await server.start();
    await Promise.race([server.whenSettled({ deadlineMs: settleMs }), rejectedBy(signal)]);
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
