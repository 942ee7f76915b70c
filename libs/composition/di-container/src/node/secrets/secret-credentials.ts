import type { Environment, SecretsSettings } from '@omni/config';
import { stateDirectory } from '@omni/node';
import {
  type AuditSink,
  type Clock,
  type CredentialProvider,
  type Logger,
  type Metrics,
  systemClock,
} from '@omni/ports';
import { SecretCredentials } from '@omni/secrets';
import { loggedAudit } from '../../telemetry/logged-audit.ts';
import { layeredCredentials } from './layered-credentials.ts';
import { openSecrets } from './open-secrets.ts';

/** Where secrets are, as a configuration says. */
export interface NodeSecrets {
  readonly settings: SecretsSettings;
  /** Says where the state folder is, and what programs that print secrets get. */
  readonly environment: Environment;
}

export interface SecretCredentialsOptions extends NodeSecrets {
  readonly logger: Logger;
  /** Told every access, beside the log. */
  readonly audit: AuditSink | undefined;
  readonly metrics: Metrics;
  /** What a program gives beside secrets. */
  readonly others: CredentialProvider | undefined;
  /** Default: the runtime's. */
  readonly clock?: Clock;
}

/** Credentials of servers, filled with the secrets of a gateway; they end with it. */
export function secretCredentials(options: SecretCredentialsOptions): CredentialProvider {
  const { settings, environment, logger, audit, metrics, others, clock = systemClock } = options;
  const opened = openSecrets({
    ...{ settings, environment, clock, logger, metrics },
    stateFolder: stateDirectory(environment),
    audit: loggedAudit(logger, audit),
  });
  const own = new SecretCredentials(opened.secrets, clock, () => opened.close());
  return others === undefined ? own : layeredCredentials(own, others);
}
