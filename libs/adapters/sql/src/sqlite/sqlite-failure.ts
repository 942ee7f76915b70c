import { GatewayError, type GatewayErrorCode } from '@omni/ports';
import type { EngineFailure } from '../engine.ts';

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const RESULTS: Readonly<Record<number, GatewayErrorCode>> = {
  3: 'OMNI_STORE_DENIED', // SQLITE_PERM
  5: 'OMNI_STORE_UNAVAILABLE', // SQLITE_BUSY
  6: 'OMNI_STORE_UNAVAILABLE', // SQLITE_LOCKED
  7: 'OMNI_STORE_UNAVAILABLE', // SQLITE_NOMEM
  8: 'OMNI_STORE_DENIED', // SQLITE_READONLY
  10: 'OMNI_STORE_UNAVAILABLE', // SQLITE_IOERR
  11: 'OMNI_STORE_CORRUPT', // SQLITE_CORRUPT
  13: 'OMNI_STORE_FULL', // SQLITE_FULL
  14: 'OMNI_STORE_DENIED', // SQLITE_CANTOPEN
  15: 'OMNI_STORE_UNAVAILABLE', // SQLITE_PROTOCOL
  22: 'OMNI_STORE_UNAVAILABLE', // SQLITE_NOLFS
  23: 'OMNI_STORE_DENIED', // SQLITE_AUTH
  26: 'OMNI_STORE_CORRUPT', // SQLITE_NOTADB
};

/** After these the file may be in another state than the connection believes. */
const ENDING: ReadonlySet<number> = new Set([7, 10, 11, 14, 26]);

/** @param path - Of the database, for the message. */
export function sqliteFailure(error: unknown, path: string): EngineFailure {
  if (error instanceof GatewayError) return { error, endsConnection: false };
  const result = resultOf(error);
  const code = result === undefined ? 'OMNI_INTERNAL' : (RESULTS[result] ?? 'OMNI_INTERNAL');
  const text = error instanceof Error ? error.message : 'unknown failure';
  return {
    error: new GatewayError(code, `${path}: ${text}`, { cause: error }),
    // guard: store/reopen
    endsConnection: result === undefined || ENDING.has(result),
  };
}

/** The primary code is the lower byte of an extended one. */
function resultOf(error: unknown): number | undefined {
  return typeof error === 'object' &&
    error !== null &&
    'errcode' in error &&
    typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}
