import { endpointOf } from '@omni/model';
import type { Readable, Writable } from 'node:stream';
import { stdioChannel } from '@omni/node';
import { GatewayError } from '@omni/ports';
import { clientBacklogBytes } from './client-backlog-bytes.ts';
import { STDIO_START_GRACE_MS } from '../gateway-options.ts';
import type { MasterServer, StopOptions } from '../master-server.ts';
import type { Configuration } from './node-configuration.ts';
import { createNodeParts, type NodeMasterServerOptions } from './node-master-server.ts';

export interface StdioGatewayOptions {
  readonly configuration: Configuration;
  /** The one server to show under its own names; all servers when absent. */
  readonly only?: string | undefined;
  readonly logLevel?: NodeMasterServerOptions['logLevel'];
  /** Where the client's messages come from and where they go: usually stdin and stdout. */
  readonly input: Readable;
  readonly output: Writable;
}

/** A gateway for one client on two streams. */
export interface StdioGateway {
  readonly server: MasterServer;
  /** Resolves when the client's side has ended. */
  readonly closed: Promise<void>;
  stop(options?: StopOptions): Promise<void>;
  forceStop(): void;
}

/** @throws {@link GatewayError} `OMNI_SERVER_UNKNOWN` when `only` names no server of the configuration. */
export async function startStdioGateway({
  configuration,
  only,
  logLevel,
  input,
  output,
}: StdioGatewayOptions): Promise<StdioGateway> {
  if (only !== undefined && !configuration.upstreams.some((upstream) => upstream.name === only)) {
    throw new GatewayError('OMNI_SERVER_UNKNOWN', `There is no server "${only}" in the configuration`);
  }
  const { server, logger } = await createNodeParts({
    configuration,
    logLevel,
    startGraceMs: STDIO_START_GRACE_MS,
  });
  await server.start();
  const closed = new Promise<void>((resolve) => {
    const { limits } = configuration;
    const maxBacklogBytes = clientBacklogBytes(limits);
    server.bind(stdioChannel({ input, output, maxMessageBytes: limits.maxBodyBytes, maxBacklogBytes }), {
      endpoint: endpointOf(only),
      answersAfterEnd: true,
      onClosed: resolve,
    });
  });
  const stop = async (options?: StopOptions): Promise<void> => {
    await server.stop(options);
    await logger.flush();
  };
  return { server, closed, stop, forceStop: () => server.forceStop() };
}
