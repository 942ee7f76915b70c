import {
  type BufferedLogger,
  createPinoLogger,
  NodeChannelDialer,
  NodeChildLauncher,
  orphanSweep,
  proxyRules,
  proxySettings,
  unusableProxies,
  UndiciHttpClient,
} from '@omni/node';
import { type Logger, silentLogger } from '@omni/ports';
import { wholeConfiguration } from '../configuration/whole-configuration.ts';
import { createMasterServer } from '../create-master-server.ts';
import { IDENTITY } from '../identity.ts';
import type { GatewayConfiguration } from '../gateway-options.ts';
import type { MasterServer } from '../master-server.ts';
import { coordinatorHost, type SupervisionKind } from './coordinator-host.ts';
import type { MasterServerOptions } from '../master-server-options.ts';

export interface NodeMasterServerOptions extends Omit<
  MasterServerOptions,
  'launcher' | 'http' | 'dialer' | 'coordinator'
> {
  /**
   * Where the coordinator runs, which decides the life of upstreams. A thread or a process may die without a
   * call failing. Default: in the loop of the gateway.
   */
  readonly supervision?: SupervisionKind;
  /** Where log lines go. Default: to stderr, by pino. */
  readonly logger?: Logger;
  /** Of the default logger; overrides `logging.level`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent' | undefined;
  /**
   * Called when log lines of the default logger begin to be lost.
   *
   * @param reason - Code of the system, e.g. `ENOSPC`, or `slow` when nobody reads them.
   */
  readonly onLogLost?: ((reason: string) => void) | undefined;
}

/** A gateway with Node's adapters and what has to be done around it. */
export interface NodeParts {
  readonly server: MasterServer;
  readonly logger: Logger;
  /** Resolves when what has been logged is written. */
  readonly flush: () => Promise<void>;
}

/** Builds a gateway on Node, without a listener. Nothing runs before `start()`. */
export async function createNodeMasterServer(options: NodeMasterServerOptions = {}): Promise<MasterServer> {
  return (await createNodeParts(options)).server;
}

export async function createNodeParts({
  logLevel,
  onLogLost,
  supervision = 'inline',
  ...options
}: NodeMasterServerOptions): Promise<NodeParts> {
  const configuration = wholeConfiguration(options.configuration);
  const own = options.logger === undefined ? await nodeLogger(configuration, logLevel, onLogLost) : undefined;
  const logger = options.logger ?? own ?? silentLogger;
  const { proxy } = configuration.outgoing;
  for (const variable of unusableProxies(proxy, process.env)) {
    logger.warn(
      { variable },
      `${variable} holds no address of an HTTP proxy (http: or https:), so that servers are reached without one; correct it, or set outgoing.proxy`,
    );
  }
  const coordinator = coordinatorHost(supervision);
  const server = createMasterServer({
    ...options,
    configuration,
    logger,
    launcher: new NodeChildLauncher({ logger }),
    http: new UndiciHttpClient({
      userAgent: `${IDENTITY.name}/${IDENTITY.version}`,
      proxyOf: proxyRules(proxySettings(proxy, process.env)),
    }),
    dialer: new NodeChannelDialer(),
    ...(coordinator === undefined ? {} : { coordinator }),
  });
  // Ends the children of an earlier Omni that was killed without time to end them.
  const ended = orphanSweep();
  if (ended > 0) logger.warn({ ended }, 'ended process groups that an earlier Omni left behind');
  return { server, logger, flush: async () => await own?.flush() };
}

function nodeLogger(
  { logging }: GatewayConfiguration,
  level: NodeMasterServerOptions['logLevel'],
  onLost: NodeMasterServerOptions['onLogLost'],
): Promise<BufferedLogger> {
  return createPinoLogger({ level: level ?? logging.level, ...(onLost === undefined ? {} : { onLost }) });
}
