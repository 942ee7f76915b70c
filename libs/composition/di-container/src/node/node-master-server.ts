import { hash } from 'node:crypto';
import {
  type BufferedLogger,
  createPinoLogger,
  measureRuntime,
  NodeChannelDialer,
  NodeHeapMeter,
  NodeChildLauncher,
  orphanSweep,
  proxyRules,
  proxySettings,
  unusableProxies,
  UndiciHttpClient,
} from '@omni/node';
import { type Logger, silentLogger, systemClock } from '@omni/ports';
import { MetricRegistry, type Tracer } from '@omni/telemetry';
import { wholeConfiguration } from '../configuration/whole-configuration.ts';
import { createMasterServer } from '../create-master-server.ts';
import { IDENTITY } from '../identity.ts';
import type { GatewayConfiguration } from '../gateway-options.ts';
import type { MasterServer } from '../master-server.ts';
import { coordinatorHost, type SupervisionKind } from './coordinator-host.ts';
import { holdStore, type StatePlace } from './held-store.ts';
import type { Environment } from './node-configuration.ts';
import { storedDefinitionReader } from './stored-definitions.ts';
import type { MasterServerOptions } from '../master-server-options.ts';
import { PhaseLog } from '../phase-log.ts';
import { type NodeSecrets, secretCredentials } from './secrets/secret-credentials.ts';

export interface NodeMasterServerOptions extends Omit<
  MasterServerOptions,
  'launcher' | 'http' | 'sha256' | 'dialer' | 'coordinator' | 'store' | 'readStoredDefinitions'
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
  /** Where traces and metrics are sent; it is closed at the end. Default: nowhere. */
  readonly exporter?: TelemetryExporter | undefined;
  /** How secrets of servers are come by. Default: there are none, and who refers to one is refused. */
  readonly secrets?: NodeSecrets | undefined;
}

/** Sends what is traced and measured to somebody else. */
export interface TelemetryExporter {
  readonly tracer: Tracer;
  /** Read by it. */
  readonly metrics: MetricRegistry;
  /** Sends the rest; resolves in bounded time, whoever listens. */
  close(): Promise<void>;
}

/** A gateway with Node's adapters and what has to be done around it. */
export interface NodeParts {
  readonly server: MasterServer;
  readonly logger: Logger;
  /** To be called when the server has stopped; resolves when what was traced and logged is on its way. */
  readonly end: () => Promise<void>;
}

/** What the gateways of a program have beside. */
export interface NodePartsOptions extends NodeMasterServerOptions {
  /** Default: nothing is remembered over restarts. */
  readonly state?: StatePlace | undefined;
  /** Where definitions in the store look up variables. Default: nowhere. */
  readonly environment?: Environment | undefined;
}

/** Builds a gateway on Node, without a listener. Nothing runs before `start()`. */
export async function createNodeMasterServer(options: NodeMasterServerOptions = {}): Promise<MasterServer> {
  return (await createNodeParts(options)).server;
}

export async function createNodeParts({
  logLevel,
  onLogLost,
  exporter,
  startPhases = new PhaseLog('start', systemClock),
  supervision = 'inline',
  state,
  environment = {},
  secrets,
  audit,
  ...options
}: NodePartsOptions): Promise<NodeParts> {
  const configuration = wholeConfiguration(options.configuration);
  const own = await startPhases.run('log', () =>
    options.logger === undefined ? nodeLogger(configuration, logLevel, onLogLost) : undefined,
  );
  const logger = options.logger ?? own ?? silentLogger;
  startPhases.logTo(logger);
  const { proxy } = configuration.outgoing;
  for (const variable of unusableProxies(proxy, process.env)) {
    logger.warn(
      { variable },
      `${variable} holds no address of an HTTP proxy (http: or https:), so that servers are reached without one; correct it, or set outgoing.proxy`,
    );
  }
  const metrics = exporter?.metrics ?? options.metrics ?? new MetricRegistry();
  const credentials =
    secrets && secretCredentials({ ...secrets, logger, audit, metrics, others: options.credentials });
  const store = await startPhases.run('store', () => holdStore(configuration.storage, state, logger));
  const server = await startPhases
    .run('container', () =>
      createMasterServer({
        ...options,
        audit,
        sha256: (text) => hash('sha256', text),
        configuration,
        logger,
        startPhases,
        measureRuntime,
        heap: new NodeHeapMeter(),
        metrics,
        ...(exporter !== undefined && { tracer: exporter.tracer }),
        ...(credentials !== undefined && { credentials }),
        launcher: new NodeChildLauncher({ logger }),
        http: new UndiciHttpClient({
          userAgent: `${IDENTITY.name}/${IDENTITY.version}`,
          proxyOf: proxyRules(proxySettings(proxy, process.env)),
        }),
        dialer: new NodeChannelDialer(),
        coordinator: coordinatorHost(supervision),
        readStoredDefinitions: storedDefinitionReader(environment, logger),
        ...(store.settings !== undefined && { store: store.settings }),
      }),
    )
    .catch((error: unknown) => {
      store.release();
      credentials?.close?.();
      throw error;
    });
  // Ends the children of an earlier Omni that was killed without time to end them.
  const ended = orphanSweep();
  if (ended > 0) logger.warn({ ended }, 'ended process groups that an earlier Omni left behind');
  const end = async (): Promise<void> => {
    store.release();
    await exporter?.close();
    await own?.flush();
  };
  return { server, logger, end };
}

function nodeLogger(
  { logging }: GatewayConfiguration,
  level: NodeMasterServerOptions['logLevel'],
  onLost: NodeMasterServerOptions['onLogLost'],
): Promise<BufferedLogger> {
  return createPinoLogger({ level: level ?? logging.level, ...(onLost === undefined ? {} : { onLost }) });
}
