import type { SecretsSettings } from '@omni/config';
import {
  type AuditRecord,
  type AuditSink,
  type Clock,
  type CredentialProvider,
  type Logger,
  type Metrics,
  systemClock,
} from '@omni/ports';
import { SecretCredentials } from '@omni/secrets';
import type { StatePlace } from '../held-store.ts';
import type { Environment } from '../node-configuration.ts';
import { layeredCredentials } from './layered-credentials.ts';
import { openSecrets } from './open-secrets.ts';

export interface SecretCredentialsOptions {
  readonly settings: SecretsSettings;
  readonly environment: Environment;
  readonly state: StatePlace;
  readonly logger: Logger;
  /** Told every access, beside the log. */
  readonly audit: AuditSink | undefined;
  readonly metrics: Metrics;
  /** What a program gives beside secrets. */
  readonly others: CredentialProvider | undefined;
  /** Default: the runtime's. */
  readonly clock?: Clock;
}

/** Credentials of servers, filled with the secrets of a gateway. */
export function secretCredentials(options: SecretCredentialsOptions): {
  readonly credentials: CredentialProvider;
  close(): void;
} {
  const { settings, environment, state, logger, audit, metrics, others, clock = systemClock } = options;
  const opened = openSecrets({
    ...{ settings, environment, clock, logger, metrics },
    stateFolder: state.secretsFolder ?? state.folder,
    audit: loggedAudit(logger, audit),
  });
  const own = new SecretCredentials(opened.secrets, clock);
  return {
    credentials: others === undefined ? own : layeredCredentials(own, others),
    close() {
      own.dispose();
      opened.close();
    },
  };
}

/** Hits are many, and of no interest to whoever reads the log. */
function loggedAudit(logger: Logger, audit: AuditSink | undefined): AuditSink {
  return {
    record(record: AuditRecord) {
      audit?.record(record);
      const { type, at: _at, details, ...fields } = record;
      const level = type === 'secret.cache_hit' ? 'debug' : 'info';
      logger[level]({ audit: type, ...fields, ...details }, 'access to a secret');
    },
  };
}
