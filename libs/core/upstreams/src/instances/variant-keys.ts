import type { ClientContext } from '@omni/model';
import type { Era } from '@omni/ports';
import { canonicalJson } from './canonical-json.ts';

/** Sets of capabilities of each era whose variant is remembered. */
const MAX_REMEMBERED = 256;
/** A client that declares more than this, in characters, is told to no upstream. */
export const MAX_CAPABILITIES = 16_384;

/** What upstreams can tell clients apart by. */
export class VariantKeys {
  /** By the text of capabilities; `undefined` for those that declare nothing. */
  readonly #known: Readonly<Record<Era, Map<string, string | undefined>>> = {
    legacy: new Map(),
    modern: new Map(),
  };

  /**
   * Equal for clients of one era that declare the same, however it is written; `undefined` for those that
   * declare nothing.
   */
  of({ era, capabilities }: Pick<ClientContext, 'era' | 'capabilities'>): string | undefined {
    if (capabilities === '{}' || capabilities.length > MAX_CAPABILITIES) return undefined;
    const known = this.#known[era];
    const variantKey = known.get(capabilities);
    if (variantKey !== undefined || known.has(capabilities)) return variantKey;
    if (known.size >= MAX_REMEMBERED) known.clear();
    const canonical = canonicalJson(capabilities);
    const made = canonical === '{}' ? undefined : `${era} ${canonical}`;
    known.set(capabilities, made);
    return made;
  }
}
