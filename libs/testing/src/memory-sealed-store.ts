import type { CredentialOwner, SealedRow, SealedStore } from '@omni/ports';

/** Sealed credentials in memory. */
export class MemorySealedStore implements SealedStore {
  readonly rows = new Map<string, SealedRow>();

  read(owner: CredentialOwner): Promise<SealedRow | undefined> {
    return Promise.resolve(this.rows.get(keyOf(owner)));
  }

  write(row: SealedRow, expected?: SealedRow): Promise<boolean> {
    const key = keyOf(row.owner);
    const current = this.rows.get(key);
    if (expected !== undefined && current?.sealed !== expected.sealed) return Promise.resolve(false);
    this.rows.set(key, row);
    return Promise.resolve(true);
  }

  remove(owner: CredentialOwner): Promise<boolean> {
    return Promise.resolve(this.rows.delete(keyOf(owner)));
  }

  withOtherKey(keyId: string, limit: number): Promise<readonly SealedRow[]> {
    return Promise.resolve([...this.rows.values()].filter((row) => row.keyId !== keyId).slice(0, limit));
  }

  keyIds(): Promise<readonly string[]> {
    return Promise.resolve([...new Set([...this.rows.values()].map(({ keyId }) => keyId))]);
  }
}

function keyOf({ principal, server, audience }: CredentialOwner): string {
  return JSON.stringify([principal, server, audience]);
}
