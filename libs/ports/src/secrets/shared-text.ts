/**
 * A text that several processes may change, and nobody but this user may read.
 *
 * Methods fail with a {@link GatewayError}: `OMNI_SECRET_UNAVAILABLE` when it cannot be reached, or another
 * process does not let go of it; `OMNI_SECRET_DENIED` when others than this user can read or change it.
 */
export interface SharedText {
  /** Where it is, for messages. */
  readonly place: string;
  /** @returns `undefined` when there is none. */
  read(): Promise<string | undefined>;
  /**
   * Puts another text in its place; durable when it returns, and whole whatever happens.
   *
   * @param change - Given the text as of now; no other process changes it until this settles. What it throws
   * leaves the text as it is.
   */
  change(change: (text: string | undefined) => string | Promise<string>): Promise<void>;
  /**
   * @param listener - It may be another one now.
   * @returns Ends it.
   */
  subscribe(listener: () => void): () => void;
}
