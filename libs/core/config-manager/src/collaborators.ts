import type { SecretReference } from '@omni/ports';

/** A value, or why there is none, free of values. */
export type SecretReading = { readonly text: string } | { readonly failure: string };

/** Gives the secrets that a configuration refers to. */
export interface SecretSource {
  /**
   * @param user - Who it is for: `server:github`, `setting:auth.token`.
   */
  read(reference: SecretReference, user: string): SecretReading;
}
