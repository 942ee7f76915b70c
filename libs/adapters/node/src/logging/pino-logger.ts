import type { Logger } from '@omni/ports';

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

/** Loads pino, which costs some 15 ms, only when somebody logs. Lines are JSON; keys that hold credentials show `***`. */
export async function createPinoLogger(options: PinoLoggerOptions = {}): Promise<BufferedLogger> {
  // Bundlers give CommonJS packages a default export only.
  const { default: pino } = await import('pino');
  const target = options.destination ?? 2;
  const stderr =
    target === 2 ? pino.destination({ dest: 2, sync: false, maxLength: MAX_HELD_BYTES }) : undefined;
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
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
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush: () => {
      if (!isLost) stderr?.flushSync();
    },
  };
}
