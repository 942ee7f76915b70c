import { type LogFields, type Logger, printableJson, withoutSecrets } from '@omni/ports';

/** Settings of {@link createPinoLogger}. */
export interface PinoLoggerOptions {
  /** Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Default 2, stderr: stdout belongs to the protocol. */
  readonly destination?: 2 | { write(line: string): void };
}

/** A logger that holds lines back to write many at once. */
export interface BufferedLogger extends Logger {
  /** Writes what is held back; call it before the process ends. */
  flush(): void;
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
/** When stderr is not read, lines beyond this are dropped rather than held. */
const MAX_HELD_BYTES = 1_048_576;

/** Loads pino, which costs some 15 ms, only when somebody logs. Lines are JSON without raw control characters; keys that hold credentials, and what looks like one, show `***`. */
export async function createPinoLogger(options: PinoLoggerOptions = {}): Promise<BufferedLogger> {
  // Bundlers give CommonJS packages a default export only.
  const { default: pino } = await import('pino');
  const target = options.destination ?? 2;
  const stderr =
    target === 2 ? pino.destination({ dest: 2, sync: false, maxLength: MAX_HELD_BYTES }) : undefined;
  const errorFields = (error: unknown): unknown =>
    error instanceof Error ? redactedFields(pino.stdSerializers.err(error)) : error;
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
    target === 2 ? stderr : target,
  );
  let isLost = false;
  // A closed terminal or a full disk: pino would try for ever to write what is left when the process ends, and never let it end.
  stderr?.on('error', () => {
    isLost = true;
    logger.level = 'silent';
    stderr.destroy();
  });
  return {
    debugging: logger.isLevelEnabled('debug'),
    debug: (fields, message) => {
      if (logger.isLevelEnabled('debug')) logger.debug(redactedFields(fields), withoutSecrets(message));
    },
    info: (fields, message) => logger.info(redactedFields(fields), withoutSecrets(message)),
    warn: (fields, message) => logger.warn(redactedFields(fields), withoutSecrets(message)),
    error: (fields, message) => logger.error(redactedFields(fields), withoutSecrets(message)),
    flush: () => {
      if (!isLost) stderr?.flushSync();
    },
  };
}

/** Texts without what looks like a credential; the rest as it is, and the same object where nothing had to be hidden. */
function redactedFields<Fields extends LogFields>(fields: Fields): LogFields {
  let redacted: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(fields)) {
    if (typeof value !== 'string') continue;
    const shown = /* guard: log/redacted */ withoutSecrets(value);
    if (shown !== value) (redacted ??= { ...fields })[key] = shown;
  }
  return redacted ?? fields;
}
