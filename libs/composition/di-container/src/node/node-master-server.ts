import {
  type BufferedLogger,
  createPinoLogger,
  NodeChannelDialer,
  NodeChildLauncher,
  orphanSweep,
  proxyRules,
  proxySettings,
  UndiciHttpClient,
} from '@omni/node';
import type { CredentialProvider } from '@omni/ports';
import type { Authentication } from '@omni/protocol';
import { createMasterServer } from '../create-master-server.ts';
import { IDENTITY } from '../identity.ts';
import type { GatewayConfiguration } from '../gateway-options.ts';
import type { MasterServer } from '../master-server.ts';

export interface NodeMasterServerOptions {
  readonly configuration: GatewayConfiguration;
  /** Overrides `logging.level`. */
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent' | undefined;
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
  startGraceMs,
  credentials,
  authentication,
}: NodeMasterServerOptions): Promise<NodeParts> {
  const logger = await createPinoLogger({ level: logLevel ?? configuration.logging.level });
  const server = createMasterServer({
    configuration,
    logger,
    launcher: new NodeChildLauncher({ logger }),
    http: new UndiciHttpClient({
      userAgent: `${IDENTITY.name}/${IDENTITY.version}`,
      proxyOf: proxyRules(proxySettings(configuration.outgoing?.proxy ?? 'none', process.env)),
    }),
    dialer: new NodeChannelDialer(),
    ...(startGraceMs === undefined ? {} : { startGraceMs }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(authentication === undefined ? {} : { authentication }),
  });
  // Children of an Omni that was killed in a way that left no time for anything.
  const ended = orphanSweep();
  if (ended > 0) logger.warn({ ended }, 'ended process groups that an earlier Omni left behind');
  return { server, logger };
}
