/** Whose a credential is, and where it may go. */
export interface CredentialOwner {
  /** {@link Principal.id}. */
  readonly principal: string;
  /** Name of the upstream. */
  readonly server: string;
  /** Whom the credential is for, e.g. the resource of a token; empty where there is none. */
  readonly audience: string;
}

/** A credential that only its key opens. */
export interface SealedRow {
  readonly owner: CredentialOwner;
  /** {@link KeyWrapper.id} of the key that wraps the row's own. */
  readonly keyId: string;
  /** Text, opaque to the store. */
  readonly sealed: string;
}

/** Keeps sealed credentials. Fails like {@link StateStore}. */
export interface SealedStore {
  read(owner: CredentialOwner): Promise<SealedRow | undefined>;
  /**
   * Keeps a row; durable when it returns.
   *
   * @param expected - Only in place of this one; `undefined`: whatever is there.
   * @returns Whether it was kept.
   */
  write(row: SealedRow, expected?: SealedRow): Promise<boolean>;
  /** @returns Whether it was there. */
  remove(owner: CredentialOwner): Promise<boolean>;
  /** Rows whose key is another one, at most as many; in no order. */
  withOtherKey(keyId: string, limit: number): Promise<readonly SealedRow[]>;
  /** Every key that some row needs. */
  keyIds(): Promise<readonly string[]>;
}
