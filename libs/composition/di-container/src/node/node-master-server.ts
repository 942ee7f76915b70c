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
import type { CredentialProvider } from '@omni/ports';
import type { Authentication } from '@omni/protocol';
import { createMasterServer } from '../create-master-server.ts';
import type { Pages } from '../health-pages.ts';
import { IDENTITY } from '../identity.ts';
import type { GatewayConfiguration } from '../gateway-options.ts';
import type { MasterServer } from '../master-server.ts';

export interface NodeMasterServerOptions {
  readonly configuration: GatewayConfiguration;
  /** Overrides `logging.level`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent' | undefined;
  /**
   * Called when log lines begin to be lost.
   *
   * @param reason - Code of the system, e.g. `ENOSPC`, or `slow` when nobody reads them.
   */
  readonly onLogLost?: ((reason: string) => void) | undefined;
  /** Answers paths that are neither of MCP nor of health. */
  readonly pages?: Pages | undefined;
  /** How long the first list waits for servers that are still starting. Default 700. */
  readonly startGraceMs?: number;
  /** What proves Omni to upstreams beside the configured headers and environments. Default: nothing. */
  readonly credentials?: CredentialProvider;
  /** Who requests come from. Default: who shows a token of the configuration. */
  readonly authentication?: Authentication | undefined;
}

/** A gateway with Node's adapters and what has to be done around it. */
export interface NodeParts {
  readonly server: MasterServer;
  readonly logger: BufferedLogger;
}

/** Builds a gateway on Node, without a listener. Nothing runs before `start()`. */
export async function createNodeMasterServer(options: NodeMasterServerOptions): Promise<MasterServer> {
  return (await createNodeParts(options)).server;
}

export async function createNodeParts({
  configuration,
  logLevel,
  onLogLost,
  pages,
  startGraceMs,
  credentials,
  authentication,
}: NodeMasterServerOptions): Promise<NodeParts> {
  const logger = await createPinoLogger({
    level: logLevel ?? configuration.logging.level,
    ...(onLogLost === undefined ? {} : { onLost: onLogLost }),
  });
  const proxy = configuration.outgoing?.proxy ?? 'none';
  for (const variable of unusableProxies(proxy, process.env)) {
    logger.warn(
      { variable },
      `${variable} holds no address of an HTTP proxy (http: or https:), so that servers are reached without one; correct it, or set outgoing.proxy`,
    );
  }
  const server = createMasterServer({
    configuration,
    logger,
    launcher: new NodeChildLauncher({ logger }),
    http: new UndiciHttpClient({
      userAgent: `${IDENTITY.name}/${IDENTITY.version}`,
      proxyOf: proxyRules(proxySettings(proxy, process.env)),
    }),
    dialer: new NodeChannelDialer(),
    pages,
    ...(startGraceMs === undefined ? {} : { startGraceMs }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(authentication === undefined ? {} : { authentication }),
  });
  // Ends the children of an earlier Omni that was killed without time to end them.
  const ended = orphanSweep();
  if (ended > 0) logger.warn({ ended }, 'ended process groups that an earlier Omni left behind');
  return { server, logger };
}
