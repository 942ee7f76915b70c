import { endpointOf } from '@omni/model';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { stateDirectory, stdioChannel } from '@omni/node';
import { systemClock } from '@omni/ports';
import { clientBacklogBytes } from './client-backlog-bytes.ts';
import { STDIO_START_GRACE_MS } from '../gateway-options.ts';
import type { MasterServer, StopOptions } from '../master-server.ts';
import { loggedAudit } from '../telemetry/logged-audit.ts';
import { unknownServer } from '../upstreams/unknown-server.ts';
import { type ConfigurationOrigin, FollowedConfiguration } from './reload/followed-configuration.ts';
import type { Configuration, Environment } from './node-configuration.ts';
import { createNodeParts, type NodeMasterServerOptions } from './node-master-server.ts';

export interface StdioGatewayOptions extends Omit<
  NodeMasterServerOptions,
  'configuration' | 'pages' | 'startGraceMs' | 'authentication' | 'listening'
> {
  readonly configuration: Configuration;
  /** Says where state is kept, and what definitions in the store refer to. Default: nothing is remembered. */
  readonly environment?: Environment;
  /** Where the configuration came from: what is written there comes into force. Default: nothing does. */
  readonly origin?: ConfigurationOrigin | undefined;
  /** The one server to show under its own names; all servers when absent. */
  readonly only?: string | undefined;
  /** Where the client's messages come from and where they go: usually stdin and stdout. */
  readonly input: Readable;
  readonly output: Writable;
}

/** A gateway for one client on two streams. */
export interface StdioGateway extends AsyncDisposable {
  readonly server: MasterServer;
  /** Resolves when the client's side has ended. */
  readonly closed: Promise<void>;
  /** Reads the files of the configuration again; `false` where there are none. */
  readConfigurationAgain(): boolean;
  stop(options?: StopOptions): Promise<void>;
  forceStop(): void;
  /** See {@link MasterServer.isStuck}. */
  readonly isStuck: boolean;
}

/** @throws {@link GatewayError} `OMNI_SERVER_UNKNOWN` when `only` names no server of the configuration. */
export async function startStdioGateway({
  configuration,
  environment,
  origin,
  only,
  input,
  output,
  ...options
}: StdioGatewayOptions): Promise<StdioGateway> {
  const names = configuration.upstreams.map(({ name }) => name);
  if (only !== undefined && !names.includes(only)) throw unknownServer(only, names);
  const { server, logger, end } = await createNodeParts({
    ...options,
    environment,
    secrets: environment && { settings: configuration.secrets, environment },
    // Every editor starts one: the first remembers, in a place of its own, so that `serve` has the other.
    state: environment && {
      folder: join(stateDirectory(environment), 'stdio'),
      otherwise: 'forget',
    },
    configuration,
    startGraceMs: STDIO_START_GRACE_MS,
  });
  try {
    await server.start();
  } catch (error) {
    await server.stop({ deadlineMs: 0 });
    await end();
    throw error;
  }
  const audit = loggedAudit(logger, options.audit);
  const followed =
    origin &&
    new FollowedConfiguration({ ...origin, configuration, server, clock: systemClock, logger, audit });
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
    const followedClosed = followed?.close();
    await server.stop(options);
    await followedClosed;
    await end();
  };
  return {
    server,
    closed,
    stop,
    [Symbol.asyncDispose]: () => stop(),
    readConfigurationAgain() {
      followed?.lookAgain();
      return followed !== undefined;
    },
    forceStop: () => server.forceStop(),
    get isStuck() {
      return server.isStuck;
    },
  };
}
