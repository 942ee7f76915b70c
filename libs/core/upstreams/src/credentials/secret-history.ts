import { type CredentialValues, secretsIn } from '@omni/ports';

/**
 * A server may repeat what it was told long ago; a call that outlives as many changes is hardly thinkable.
 */
const MAX_VERSIONS = 64;

/**
 * The secrets of one upstream: those that are known from the start, and the values of the latest versions of
 * its credentials.
 */
export class SecretHistory {
  #known: readonly string[];
  readonly #versions: (readonly string[])[] = [];
  #values: readonly string[] | undefined;
  #told: readonly string[] | undefined;

  constructor(known: readonly string[]) {
    this.#known = known;
  }

  /** Longest first: one that begins with another must not leave its rest. */
  get values(): readonly string[] {
    this.#values ??= [...new Set([...this.#known, ...this.#versions.flat()])].toSorted(
      /* guard: credentials/longest-first */ (a, b) => b.length - a.length,
    );
    return this.#values;
  }

  remember(version: CredentialValues): void {
    // guard: credentials/secrets
    this.#add(Object.entries(version).flatMap(([name, value]) => secretsIn(name, value)));
  }

  /** What a provider calls secret; the same list counts once. */
  rememberSecrets(secrets: readonly string[]): void {
    if (secrets === this.#told) return;
    this.#told = secrets;
    // guard: credentials/told-secrets
    this.#add(secrets);
  }

  /** Others are known from now on. Those before may still be in what the upstream repeats. */
  know(known: readonly string[]): void {
    // guard: credentials/known-before
    if (!this.#known.every((value) => known.includes(value))) this.#add(this.#known);
    this.#known = known;
    this.#values = undefined;
  }

  #add(secrets: readonly string[]): void {
    this.#versions.push(secrets);
    // guard: credentials/history
    if (this.#versions.length > MAX_VERSIONS) this.#versions.shift();
    this.#values = undefined;
  }
}
