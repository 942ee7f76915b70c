import { write } from 'node:fs';
import {
  type ComponentStatus,
  type LogFields,
  type Logger,
  printableJson,
  withoutSecrets,
} from '@omni/ports';
import { LineSink } from './line-sink.ts';

/** Settings of {@link createPinoLogger}. */
export interface PinoLoggerOptions {
  /** Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Default 2, stderr: stdout belongs to the protocol. */
  readonly destination?: 2 | { write(line: string): void };
  /**
   * Called when lines begin to be lost, since the disk is full or nobody reads.
   *
   * @param reason - Code of the system, e.g. `ENOSPC`.
   */
  readonly onLost?: (reason: string) => void;
}

/** A logger that holds lines back to write many at once. */
export interface BufferedLogger extends Logger {
  /** Resolves when what is held back is written, or cannot be; call it before the process ends. */
  flush(): Promise<void>;
  /** Whether lines can be written; `warn` while they are lost. */
  getStatus(): ComponentStatus;
}

const SECRET_KEYS = [
  'authorization',
  'Authorization',
  'proxy-authorization',
  'cookie',
  'Cookie',
  'set-cookie',
  'token',
  'accessToken',
  'password',
  'secret',
  'apiKey',
];

/**
 * Loads pino, which costs some 15 ms, only when somebody logs. Lines are JSON without raw control characters;
 * keys that hold credentials, and what looks like one, show `***`.
 */
export async function createPinoLogger(options: PinoLoggerOptions = {}): Promise<BufferedLogger> {
  // Bundlers give CommonJS packages a default export only.
  const { default: pino } = await import('pino');
  const startedAt = Date.now();
  const target = options.destination ?? 2;
  const errorFields = (error: unknown): unknown =>
    error instanceof Error ? redactedFields(pino.stdSerializers.err(error)) : error;
  const sink =
    target === 2
      ? new LineSink({
          put: (bytes, done) => write(target, bytes, done),
          onLost: options.onLost ?? (() => {}),
          gapLine: (lost, reason) =>
            `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), pid: process.pid, lost, reason, msg: 'log lines were lost' })}\n`,
        })
      : undefined;
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorFields, err: errorFields },
      // guard: log/controls
      hooks: { streamWrite: printableJson },
      // guard: log/credentials
      redact: { paths: SECRET_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`]), censor: '***' },
    },
    target === 2 ? sink : target,
  );
  return {
    debugging: logger.isLevelEnabled('debug'),
    debug: (fields, message) => {
      if (logger.isLevelEnabled('debug')) logger.debug(redactedFields(fields), withoutSecrets(message));
    },
    info: (fields, message) => logger.info(redactedFields(fields), withoutSecrets(message)),
    warn: (fields, message) => logger.warn(redactedFields(fields), withoutSecrets(message)),
    error: (fields, message) => logger.error(redactedFields(fields), withoutSecrets(message)),
    flush: () => sink?.flush() ?? Promise.resolve(),
    getStatus: () => {
      const lostReason = sink?.lostReason;
      return {
        level: lostReason === undefined ? 'ok' : 'warn',
        details: lostReason === undefined ? {} : { lostReason },
        since: sink?.changedAt ?? startedAt,
      };
    },
  };
}

/**
 * Texts without what looks like a credential; the rest as it is, and the same object where nothing had to be
 * hidden.
 */
function redactedFields<Fields extends LogFields>(fields: Fields): LogFields {
  let redacted: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(fields)) {
    if (typeof value !== 'string') continue;
    const shown = /* guard: log/redacted */ withoutSecrets(value);
    if (shown !== value) (redacted ??= { ...fields })[key] = shown;
  }
  return redacted ?? fields;
}
