import {
  defaultSocketPath,
  type ListenAddress,
  NodeHttpListener,
  NodeSocketListener,
  stateDirectory,
  type UpgradeDecision,
  type UpgradeRequest,
} from '@omni/node';
import type { Logger, Principal } from '@omni/ports';
import type { EndpointDecision } from '@omni/protocol';
import { LOCAL_PRINCIPAL, type MasterServer } from '../master-server.ts';
import { clientBacklogBytes } from './client-backlog-bytes.ts';
import type { Configuration, Environment } from './node-configuration.ts';

export interface GatewayListenersOptions {
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** Where HTTP listens; port 0 picks a free one. */
  readonly address: { readonly host: string; readonly port: number };
  readonly server: MasterServer;
  readonly logger: Logger;
}

/** Everything that a gateway listens on. */
export interface GatewayListeners {
  /** Endpoint of all servers over HTTP, and over WebSockets. */
  readonly url: string;
  /** Where HTTP listens. */
  readonly place: ListenAddress;
  /** The sockets beside it, e.g. `unix:/home/ada/.local/state/omni/omni.sock`. */
  readonly sockets: readonly string[];
  stopAccepting(): void;
  /** Cuts what is still open after a moment, and after `deadlineMs` what is still being read. */
  close(deadlineMs: number): Promise<void>;
  /** Leaves a running or later {@link close} that moment only. */
  forceStop(): void;
}

/** Streams that were told to end may take this long to reach their clients. */
const CLOSING_MS = 500;
/** Who comes by TCP: it is served in open mode only, where everybody is this one. */
const ANONYMOUS: Principal = { id: 'anonymous', kind: 'anonymous' };

/**
 * @throws {@link GatewayError} `OMNI_LISTEN_IN_USE`, `OMNI_LISTEN_DENIED`, `OMNI_TLS_INVALID`; nothing
 * listens then.
 */
export async function openListeners(options: GatewayListenersOptions): Promise<GatewayListeners> {
  const { configuration, environment, address, server, logger } = options;
  const { unixSocket, tcp, tls } = configuration.server;
  const { maxBodyBytes } = configuration.limits;
  const maxBacklogBytes = clientBacklogBytes(configuration.limits);
  const { budget, unread } = server.clientMemory;
  const http = new NodeHttpListener({
    handler: server.handle,
    webSockets: {
      decide: (request) => decideUpgrade(server, request),
      maxMessageBytes: maxBodyBytes,
      maxBacklogBytes,
      budget,
      unread,
    },
    ...(tls === undefined ? {} : { tls }),
    budget,
    unread,
    logger,
  });
  const streams = new NodeSocketListener({
    principalOf: ({ kind }) => (kind === 'tcp' ? ANONYMOUS : LOCAL_PRINCIPAL),
    onConnection: (open, principal) => server.bind(open, { principal }),
    maxMessageBytes: maxBodyBytes,
    maxBacklogBytes,
    budget,
    unread,
    logger,
  });
  let isHurried = false;
  let isClosing = false;
  const close = async (deadlineMs: number): Promise<void> => {
    isClosing = true;
    await http.drain(isHurried ? CLOSING_MS : Math.max(CLOSING_MS, deadlineMs));
    streams.close();
  };
  try {
    const bound = await http.listen(address);
    const sockets: string[] = [];
    if (unixSocket !== false) {
      const path = unixSocket === true ? defaultSocketPath(stateDirectory(environment)) : unixSocket;
      await streams.listen({ path });
      sockets.push(`unix:${path}`);
    }
    if (tcp !== undefined) {
      const actual = await streams.listen(tcp);
      sockets.push(`tcp://${hostPort({ ...tcp, ...actual })}`);
    }
    return {
      url: `${tls === undefined ? 'http' : 'https'}://${hostPort(bound)}/mcp`,
      place: bound,
      sockets,
      stopAccepting() {
        for (const listener of [http, streams]) listener.stopAccepting();
      },
      close,
      forceStop() {
        isHurried = true;
        if (isClosing) void http.drain(CLOSING_MS);
      },
    };
  } catch (error) {
    await close(0);
    throw error;
  }
}

function decideUpgrade(
  server: MasterServer,
  request: UpgradeRequest,
): UpgradeDecision | Promise<UpgradeDecision> {
  const upgrade = (client: EndpointDecision): UpgradeDecision => {
    if (client.kind === 'refused') return client;
    const { principal, endpoint } = client;
    return { kind: 'accepted', principal, serve: (open) => server.bind(open, { principal, endpoint }) };
  };
  const client = server.admitChannel(request);
  return client instanceof Promise ? client.then(upgrade) : upgrade(client);
}

function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
