/** Who asks. */
export interface Principal {
  /** Stable and free of secrets; two requests with the same id have the same rights. */
  readonly id: string;
  /**
   * `token`: showed a bearer token. `certificate`: showed a certificate. `anonymous`: open mode. `local`: the owner of the process
   * (stdio, embedding).
   */
  readonly kind: 'token' | 'certificate' | 'anonymous' | 'local';
}
