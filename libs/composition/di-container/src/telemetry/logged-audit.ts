import type { AuditRecord, AuditSink, Logger } from '@omni/ports';

/**
 * Writes what was done into the log as well: `audit` is its type. What is read again and again is of no
 * interest to whoever reads the log.
 *
 * @param next - Told each record, before the log.
 */
export function loggedAudit(logger: Logger, next?: AuditSink): AuditSink {
  return {
    record(record: AuditRecord) {
      next?.record(record);
      const { type, at: _at, details, ...fields } = record;
      const level = FREQUENT.has(type) ? 'debug' : 'info';
      logger[level]({ ...details, audit: type, ...fields }, WORDS[type.split('.', 1)[0] ?? ''] ?? 'audit');
    },
  };
}

const FREQUENT: ReadonlySet<string> = new Set(['secret.cache_hit', 'authentication.succeeded']);

/** By the first word of a type. */
const WORDS: Readonly<Record<string, string>> = {
  secret: 'access to a secret',
  config: 'the configuration',
  override: 'an override of a server',
  authentication: 'authentication',
};
