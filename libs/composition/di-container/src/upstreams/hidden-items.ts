import type { OfferedItem } from '@omni/capabilities';

export type HiddenItem = Pick<OfferedItem, 'kind' | 'key'>;

/** What is hidden of upstreams for a while: policies say so here, and the catalogue follows. */
export class HiddenItems {
  readonly #items = new Map<string, readonly HiddenItem[]>();
  #listener: (upstream: string) => void = () => {};

  /** The last listener counts. */
  follow(listener: (upstream: string) => void): void {
    this.#listener = listener;
  }

  /** What is hidden of each of these: of a server and its replicas what none of them is to be asked for. */
  ofAll([first, ...others]: readonly string[]): readonly HiddenItem[] {
    const items = this.#items.get(first ?? '') ?? [];
    return items.filter(({ kind, key }) =>
      others.every((other) => this.#items.get(other)?.some((item) => item.kind === kind && item.key === key)),
    );
  }

  set(upstream: string, item: HiddenItem, isHidden: boolean): void {
    const others = (this.#items.get(upstream) ?? []).filter(
      ({ kind, key }) => kind !== item.kind || key !== item.key,
    );
    const items = isHidden ? [...others, item] : others;
    if (items.length === 0) this.#items.delete(upstream);
    else this.#items.set(upstream, items);
    this.#listener(upstream);
  }
}
