import type { ScopeSettings } from '../document/policy-schema.ts';
import { Pattern } from './pattern.ts';

/** A mode, compiled. */
export class Scope {
  readonly #mode: 'all' | 'none' | 'allow' | 'deny';
  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly Pattern[];

  constructor(settings: ScopeSettings) {
    const [mode, texts] =
      typeof settings === 'string'
        ? ([settings, []] as const)
        : 'allow' in settings
          ? (['allow', settings.allow] as const)
          : (['deny', settings.deny] as const);
    this.#mode = mode;
    this.#exact = new Set(texts.filter((text) => !text.includes('*')));
    this.#patterns = texts.filter((text) => text.includes('*')).map((text) => new Pattern(text));
  }

  /** Whether it has no name at all. */
  get isEmpty(): boolean {
    return this.#mode === 'none' || (this.#mode === 'allow' && this.#lists.length === 0);
  }

  has(name: string): boolean {
    switch (this.#mode) {
      case 'all':
        return true;
      case 'none':
        return false;
      case 'allow':
        return this.#names(name);
      case 'deny':
        return /* guard: policy/denied-names */ !this.#names(name);
    }
  }

  /** Whether it surely has every name that the other one has. */
  covers(other: Scope): boolean {
    if (this.#mode === 'all' || other.isEmpty) return true;
    if (this.isEmpty) return false;
    if (this.#mode === 'deny')
      return (
        other.#mode === 'deny' && this.#lists.every((own) => other.#lists.some((their) => their.covers(own)))
      );
    return (
      other.#mode === 'allow' && other.#lists.every((their) => this.#lists.some((own) => own.covers(their)))
    );
  }

  get #lists(): readonly Pattern[] {
    return [...this.#patterns, ...Array.from(this.#exact, (text) => new Pattern(text))];
  }

  #names(name: string): boolean {
    return this.#exact.has(name) || this.#patterns.some((pattern) => pattern.fits(name));
  }
}
