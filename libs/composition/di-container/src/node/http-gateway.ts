import { isLoopbackHost } from '@omni/auth';
import { controlSocketPath, loadOrCreateToken, stateDirectory } from '@omni/node';
import { GatewayError, systemClock } from '@omni/ports';
import type { Authentication } from '@omni/protocol';
import { type GatewayListeners, openListeners } from './gateway-listeners.ts';
import { configurationCommands } from './control/configuration-commands.ts';
import { openControlSocket } from './control/control-socket.ts';
import { type ConfigurationOrigin, FollowedConfiguration } from './reload/followed-configuration.ts';
import type { Configuration, Environment } from './node-configuration.ts';
import { ownerPage } from './owner-page.ts';
import { createNodeParts, type NodeMasterServerOptions } from './node-master-server.ts';
import type { MasterServer, StopOptions } from '../master-server.ts';
import { loggedAudit } from '../telemetry/logged-audit.ts';

export interface HttpGatewayOptions extends Omit<
  NodeMasterServerOptions,
  'configuration' | 'pages' | 'listening'
> {
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** Where the configuration came from: what is written there comes into force. Default: nothing does. */
  readonly origin?: ConfigurationOrigin | undefined;
  /** `HOST:PORT` in place of `server.listen`; port 0 picks a free one. */
  readonly listen?: string | undefined;
  /** Who requests come from, in place of `auth` of the configuration: no token is made then. */
  readonly authentication?: Authentication;
}

/** A gateway that listens. */
export interface HttpGateway extends AsyncDisposable {
  /** Endpoint of all servers, e.g. `http://127.0.0.1:7431/mcp`; `https:` with a certificate. */
  readonly url: string;
  /** Where else it is served, e.g. `unix:/home/ada/.local/state/omni/omni.sock`. */
  readonly sockets: readonly string[];
  /** The token that Omni made and keeps; `undefined` in open mode and when the configuration has one. */
  readonly token: { readonly value: string; readonly path: string } | undefined;
  readonly server: MasterServer;
  /** Resolves when everything has ended. */
  stop(options?: StopOptions): Promise<void>;
  /** Reads the files of the configuration again; `false` where there are none. */
  readConfigurationAgain(): boolean;
  /** Makes a running stop skip its waiting. */
  forceStop(): void;
  /** See {@link MasterServer.isStuck}. */
  readonly isStuck: boolean;
}

/**
 * @throws {@link GatewayError} `OMNI_LISTEN_IN_USE`, `OMNI_LISTEN_DENIED`, `OMNI_TLS_INVALID`,
 * `OMNI_STATE_DENIED`, `OMNI_USAGE`.
 */
export async function startHttpGateway({
  configuration,
  environment,
  origin,
  listen,
  ...options
}: HttpGatewayOptions): Promise<HttpGateway> {
  const address = listen === undefined ? configuration.server : parseListen(listen);
  // Where there is another authentication, `auth` decides nothing.
  const isByToken = options.authentication === undefined;
  if (isByToken && configuration.auth.mode === 'open' && !isLoopbackHost(address.host)) {
    throw new GatewayError('OMNI_USAGE', `auth.mode "open" lets in everybody who can reach ${address.host}`, {
      hint: 'Listen on 127.0.0.1, or set auth.mode to "token".',
    });
  }
  const needsToken =
    isByToken && configuration.auth.mode === 'token' && configuration.auth.token === undefined;
  const kept = needsToken ? await loadOrCreateToken(stateDirectory(environment)) : undefined;
  const open: {
    listeners?: GatewayListeners;
    followed?: FollowedConfiguration | undefined;
    control?: () => void;
  } = {};
  const { server, logger, end } = await createNodeParts({
    ...options,
    environment,
    secrets: { settings: configuration.secrets, environment },
    state: { folder: stateDirectory(environment), otherwise: 'fail' },
    configuration: {
      ...configuration,
      server: { ...configuration.server, host: address.host, port: address.port },
      auth: kept === undefined ? configuration.auth : { ...configuration.auth, token: kept.token },
    },
    ...(kept === undefined ? {} : { pages: ownerPage(kept.token, () => open.listeners?.place) }),
    listening: {
      async open() {
        open.listeners = await openListeners({ configuration, environment, address, server, logger });
      },
      stopAccepting: () => open.listeners?.stopAccepting(),
      // A client may still be reading a long answer that is complete.
      close: async (deadlineMs) => await open.listeners?.close(deadlineMs),
    },
  });
  const stop = async (options?: StopOptions): Promise<void> => {
    open.control?.();
    const closed = open.followed?.close();
    await server.stop(options);
    await closed;
    await end();
  };
  try {
    await server.start();
    const audit = loggedAudit(logger, options.audit);
    open.followed =
      origin &&
      new FollowedConfiguration({ ...origin, configuration, server, clock: systemClock, logger, audit });
    open.control = await openControlSocket({
      path: controlSocketPath(stateDirectory(environment)),
      methods: configurationCommands(open.followed),
      logger,
    });
  } catch (error) {
    await stop({ deadlineMs: 0 });
    throw error;
  }
  const { listeners } = open;
  if (listeners === undefined)
    throw new GatewayError('OMNI_SHUTTING_DOWN', 'This gateway was stopped while it was starting');
  let stopped: Promise<void> | undefined;
  const stopOnce: HttpGateway['stop'] = (given) => (stopped ??= stop(given));
  return {
    url: listeners.url,
    sockets: listeners.sockets,
    token: kept === undefined ? undefined : { value: kept.token, path: kept.path },
    server,
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
    readConfigurationAgain() {
      open.followed?.lookAgain();
      return open.followed !== undefined;
    },
    forceStop: () => {
      server.forceStop();
      listeners.forceStop();
    },
    get isStuck() {
      return server.isStuck;
    },
  };
}

function parseListen(listen: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(listen);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65_535))
    throw new GatewayError('OMNI_USAGE', `"${listen}" is not HOST:PORT`, {
      hint: 'Write for example --listen 127.0.0.1:7431.',
    });
  return { host, port };
}
