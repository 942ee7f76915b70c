import { configuredCredentials, silentLogger, systemClock, systemRandom } from '@omni/ports';
import type { Authentication } from '@omni/protocol';
import { Container } from 'inversify';
import { GATEWAY_MODULES } from './gateway-modules.ts';
import { HTTP_START_GRACE_MS, type GatewayAdapters, type GatewayConfiguration } from './gateway-options.ts';
import type { MasterServer } from './master-server.ts';
import { Token } from './token.ts';

export interface MasterServerOptions extends GatewayAdapters {
  readonly configuration: GatewayConfiguration;
  /** How long the first list waits for servers that are still starting. Default 700. */
  readonly startGraceMs?: number;
  /** Who requests come from. Default: who shows a token of the configuration. */
  readonly authentication?: Authentication;
}

/** Builds a gateway from a configuration and the runtime's adapters. Nothing runs before `start()`. */
export function createMasterServer(options: MasterServerOptions): MasterServer {
  const container = new Container({ defaultScope: 'Singleton', jitless: true });
  container.bind(Token.Configuration).toConstantValue(options.configuration);
  container.bind(Token.StartGraceMs).toConstantValue(options.startGraceMs ?? HTTP_START_GRACE_MS);
  container.bind(Token.Clock).toConstantValue(options.clock ?? systemClock);
  container.bind(Token.Random).toConstantValue(options.random ?? systemRandom);
  container.bind(Token.Logger).toConstantValue(options.logger ?? silentLogger);
  container.bind(Token.CredentialProvider).toConstantValue(options.credentials ?? configuredCredentials);
  container.bind(Token.ChildLauncher).toConstantValue(options.launcher);
  container.bind(Token.HttpClient).toConstantValue(options.http);
  container.bind(Token.ChannelDialer).toConstantValue(options.dialer);
  container.load(...GATEWAY_MODULES);
  if (options.authentication !== undefined)
    container.rebind(Token.Authentication).toConstantValue(options.authentication);
  return container.get(Token.MasterServer);
}
