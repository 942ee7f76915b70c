import { GatewayError } from '@omni/ports';

/** The first without the bug that loses pages of a write-ahead log (sqlite.org/wal.html, "WAL-reset bug"). */
const FIRST_GOOD = [3, 51, 3] as const;

/**
 * @param version - As `sqlite_version()` says it.
 * @throws {@link GatewayError} `OMNI_STORE_UNSUPPORTED`
 */
export function refuseOldSqlite(version: string): void {
  const parts = version.split('.').map(Number);
  const differing = FIRST_GOOD.findIndex((part, index) => parts[index] !== part);
  if (differing === -1 || (parts[differing] ?? 0) > (FIRST_GOOD[differing] ?? 0)) return;
  // guard: store/old-sqlite
  throw new GatewayError(
    'OMNI_STORE_UNSUPPORTED',
    `This Node has SQLite ${version}, which can lose what was written; ${FIRST_GOOD.join('.')} is the first that does not`,
  );
}
