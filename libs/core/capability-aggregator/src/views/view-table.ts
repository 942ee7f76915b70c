import { type Endpoint, endpointKey } from '@omni/model';
import type { Era } from '@omni/ports';
import type { CompiledView } from './compiled-view.ts';
import type { ViewSpec } from './view-filter.ts';

interface Kept {
  readonly view: CompiledView;
  /** When it was asked for last, in questions asked. */
  askedAt: number;
}

type ByVariant = Map<string | undefined, Kept>;

/**
 * The views that are compiled, a bounded number of them: the one that was asked for least lately makes room.
 */
export class ViewTable {
  readonly #capacity: number;
  readonly #byEndpoint = new Map<string, Readonly<Record<Era, ByVariant>>>();
  #size = 0;
  #asked = 0;

  /** @param capacity - How many views are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** Asked for with every call: two look-ups that make nothing. */
  find(endpoint: Endpoint, era: Era, variantKey: string | undefined): CompiledView | undefined {
    const kept = this.#byEndpoint.get(endpointKey(endpoint))?.[era].get(variantKey);
    if (kept === undefined) return undefined;
    this.#asked += 1;
    kept.askedAt = this.#asked;
    return kept.view;
  }

  /** Keeps a view that is not there yet. */
  add({ endpoint, era, variantKey }: ViewSpec, view: CompiledView): void {
    // guard: view/bounded
    if (this.#size >= this.#capacity) this.#dropOldest();
    const key = endpointKey(endpoint);
    let eras = this.#byEndpoint.get(key);
    if (eras === undefined) this.#byEndpoint.set(key, (eras = { legacy: new Map(), modern: new Map() }));
    this.#asked += 1;
    eras[era].set(variantKey, { view, askedAt: this.#asked });
    this.#size += 1;
  }

  clear(): void {
    this.#byEndpoint.clear();
    this.#size = 0;
  }

  #dropOldest(): void {
    let oldest: { readonly from: ByVariant; readonly variantKey: string | undefined } | undefined;
    let askedAt = Number.POSITIVE_INFINITY;
    for (const { legacy, modern } of this.#byEndpoint.values()) {
      for (const from of [legacy, modern]) {
        for (const [variantKey, kept] of from) {
          if (kept.askedAt >= askedAt) continue;
          askedAt = kept.askedAt;
          oldest = { from, variantKey };
        }
      }
    }
    if (oldest?.from.delete(oldest.variantKey) === true) this.#size -= 1;
  }
}
