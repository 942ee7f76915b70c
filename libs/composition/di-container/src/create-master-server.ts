import { NO_DIALECTS } from '@omni/model';
import { MetricRegistry } from '@omni/telemetry';
import { configuredCredentials, silentLogger, systemClock, systemRandom } from '@omni/ports';
import { registerGateway } from './modules/gateway-modules.ts';
import { Scope } from './scope/scope.ts';
import { openSessionScope } from './scope/session-scope.ts';
import { checkConfigured, checkOptions } from './configuration/options-check.ts';
import { wholeConfiguration } from './configuration/whole-configuration.ts';
import { HTTP_START_GRACE_MS } from './gateway-options.ts';
import { checkIdentity, IDENTITY } from './identity.ts';
import type { MasterServer } from './master-server.ts';
import type { MasterServerOptions } from './master-server-options.ts';
import { PhaseLog } from './phase-log.ts';
import { loggedAudit } from './telemetry/logged-audit.ts';
import { Token } from './token.ts';

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
  const configuration = wholeConfiguration(options.configuration);
  const { clock = systemClock, logger = silentLogger } = options;
  const root = Scope.root();
  root.register(Token.Configuration, { useValue: configuration });
  root.register(Token.Identity, { useValue: identity });
  root.register(Token.Instructions, { useValue: options.instructions });
  root.register(Token.StartGraceMs, { useValue: options.startGraceMs ?? HTTP_START_GRACE_MS });
  root.register(Token.Dialects, { useValue: NO_DIALECTS });
  root.register(Token.Clock, { useValue: clock });
  root.register(Token.Random, { useValue: options.random ?? systemRandom });
  root.register(Token.Logger, { useValue: logger });
  root.register(Token.Audit, { useValue: loggedAudit(logger, options.audit) });
  root.register(Token.CredentialProvider, { useValue: options.credentials ?? configuredCredentials });
  root.register(Token.Metrics, {
    useValue: configuration.telemetry.metrics ? (options.metrics ?? new MetricRegistry()) : undefined,
  });
  root.register(Token.Tracer, { useValue: options.tracer });
  root.register(Token.MeasureRuntime, { useValue: options.measureRuntime });
  root.register(Token.HeapMeter, { useValue: options.heap });
  root.register(Token.ChildLauncher, { useValue: options.launcher });
  root.register(Token.Pages, { useValue: options.pages });
  root.register(Token.Listening, { useValue: options.listening });
  root.register(Token.StartPhases, {
    useValue: options.startPhases ?? new PhaseLog('start', clock, logger),
  });
  root.register(Token.StoreSettings, { useValue: options.store });
  root.register(Token.ReadStoredDefinitions, { useValue: options.readStoredDefinitions });
  root.register(Token.Sha256, { useValue: options.sha256 });
  root.register(Token.AuditsAuthentication, { useValue: options.audit !== undefined });
  root.register(Token.HttpClient, { useValue: options.http });
  root.register(Token.RoleHost, { useValue: options.coordinator });
  root.register(Token.ChannelDialer, { useValue: options.dialer });
  root.register(Token.OpenSessionScope, {
    useValue: onSession === undefined ? undefined : openSessionScope(root, onSession),
  });
  root.register(Token.EndOfParts, { useValue: () => root.close() });
  registerGateway(root);
  if (authentication !== undefined) {
    root.replace(Token.Authentication, { useValue: authentication });
    root.replace(Token.IdentityCheck, { useValue: undefined });
  }
  checkConfigured(options.configure?.(root));
  return root;
}
