import { NO_DIALECTS } from '@omni/model';
import { configuredCredentials, silentLogger, systemClock, systemRandom } from '@omni/ports';
import type { Authentication } from '@omni/protocol';
import { registerGateway } from './modules/gateway-modules.ts';
import { Scope } from './scope/scope.ts';
import { openSessionScope, type OnSession } from './scope/session-scope.ts';
import { checkConfigured, checkOptions } from './configuration/options-check.ts';
import { wholeConfiguration } from './configuration/whole-configuration.ts';
import {
  HTTP_START_GRACE_MS,
  type GatewayAdapters,
  type GatewayConfigurationInput,
} from './gateway-options.ts';
import type { Pages } from './health-pages.ts';
import { checkIdentity, IDENTITY, type ServerIdentity } from './identity.ts';
import type { MasterServer } from './master-server.ts';
import { Token } from './token.ts';

export interface MasterServerOptions extends GatewayAdapters {
  /** Default: that of an empty file, without servers. */
  readonly configuration?: GatewayConfigurationInput;
  /** What the gateway calls itself. Default: {@link IDENTITY}. */
  readonly identity?: ServerIdentity;
  /**
   * What clients of the endpoint of all servers are told about its use, before what the servers say. Default:
   * nothing.
   */
  readonly instructions?: string;
  /** How long the first list waits for servers that are still starting. Default 700. */
  readonly startGraceMs?: number;
  /**
   * Called once, when every part is registered and none is made: what is replaced here is used everywhere,
   * and what is registered with `dispose` ends when the gateway has stopped. A part is made when another one
   * needs it: one that nothing needs is never made. Must not be asynchronous.
   */
  readonly configure?: (scope: Scope) => void;
  /**
   * Called for each legacy session that opens, with the session's own scope: what is registered there ends
   * with it.
   */
  readonly onSession?: OnSession;
  /** Answers paths that are neither of MCP nor of health. Default: nothing is there. */
  readonly pages?: Pages | undefined;
  /** Who requests come from. Default: who shows a token of the configuration. */
  readonly authentication?: Authentication;
}

/**
 * Builds a gateway from the runtime's adapters and what is to differ from the defaults. Nothing runs before
 * `start()`.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for options and a configuration that cannot be meant,
 * such as two servers of one name; one line for each problem.
 */
export function createMasterServer(options: MasterServerOptions = {}): MasterServer {
  return rootScope(options).get(Token.MasterServer);
}

/** All parts of a gateway, none of them made yet. */
export function rootScope(options: MasterServerOptions): Scope {
  checkOptions(options);
  const { authentication, onSession, identity = IDENTITY } = options;
  checkIdentity(identity);
  const root = Scope.root();
  root.register(Token.Configuration, { useValue: wholeConfiguration(options.configuration) });
  root.register(Token.Identity, { useValue: identity });
  root.register(Token.Instructions, { useValue: options.instructions });
  root.register(Token.StartGraceMs, { useValue: options.startGraceMs ?? HTTP_START_GRACE_MS });
  root.register(Token.Dialects, { useValue: NO_DIALECTS });
  root.register(Token.Clock, { useValue: options.clock ?? systemClock });
  root.register(Token.Random, { useValue: options.random ?? systemRandom });
  root.register(Token.Logger, { useValue: options.logger ?? silentLogger });
  root.register(Token.CredentialProvider, { useValue: options.credentials ?? configuredCredentials });
  root.register(Token.ChildLauncher, { useValue: options.launcher });
  root.register(Token.Pages, { useValue: options.pages });
  root.register(Token.HttpClient, { useValue: options.http });
  root.register(Token.ChannelDialer, { useValue: options.dialer });
  root.register(Token.OpenSessionScope, {
    useValue: onSession === undefined ? undefined : openSessionScope(root, onSession),
  });
  root.register(Token.EndOfParts, { useValue: () => root.close() });
  registerGateway(root);
  if (authentication !== undefined) root.replace(Token.Authentication, { useValue: authentication });
  checkConfigured(options.configure?.(root));
  return root;
}
