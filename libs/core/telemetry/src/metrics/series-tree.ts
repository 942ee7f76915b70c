import type { MetricFacts, MetricFamily } from '@omni/ports';

/** Series of one metric, at most, beside those for what there is no room for. */
export const MAX_SERIES = 1_000;
/** Of these, what one owner may have. */
export const MAX_OWNER_SERIES = 250;
/** What stands in a label in place of values that there is no room for. */
export const OTHER = 'other';
const MAX_LABEL_LENGTH = 128;

/** One series with what tells it apart. */
export interface LabelledSeries<Series> {
  readonly labels: readonly string[];
  readonly series: Series;
}

interface SeriesNode<Series> {
  readonly children: Map<string, SeriesNode<Series>>;
  leaf: LabelledSeries<Series> | undefined;
}

/**
 * The series of one metric, found by one value after the other: no key is put together.
 *
 * What comes when there is no room is counted in one series whose labels are all `other`; where series have
 * an owner, in one of that owner's, so that nobody takes the room of others.
 */
export class SeriesTree<Series> implements MetricFamily<Series> {
  readonly #labelCount: number;
  /** Index of the label that names the owner; -1 where there is none. */
  readonly #ownerAt: number;
  readonly #create: () => Series;
  readonly #onOverflow: () => void;
  #root: SeriesNode<Series> = { children: new Map(), leaf: undefined };
  #leaves: LabelledSeries<Series>[] = [];
  /** What was found last. */
  #latest: LabelledSeries<Series> | undefined;
  /** How many series each owner has. */
  #owned = new Map<string, number>();

  constructor(
    { labels = [], owner }: Pick<MetricFacts, 'labels' | 'owner'>,
    create: () => Series,
    onOverflow: () => void,
  ) {
    this.#labelCount = labels.length;
    this.#ownerAt = owner === undefined ? -1 : labels.indexOf(owner);
    this.#create = create;
    this.#onOverflow = onOverflow;
  }

  with(...values: readonly string[]): Series {
    // Calls come in rows.
    if (this.#latest !== undefined && isAt(values, this.#latest.labels)) return this.#latest.series;
    const found = this.#find(values);
    if (found === undefined) return this.#findShortened(values);
    this.#latest = found;
    return found.series;
  }

  series(): readonly LabelledSeries<Series>[] {
    return this.#leaves;
  }

  /** Drops the series of all other owners. */
  keep(owners: ReadonlySet<string>): void {
    if (this.#ownerAt < 0) return;
    const kept = new Set([...owners].map(shortened));
    const leaves = this.#leaves.filter((leaf) => this.#isOf(leaf, kept));
    if (leaves.length === this.#leaves.length) return;
    this.#root = { children: new Map(), leaf: undefined };
    this.#leaves = [];
    this.#latest = undefined;
    this.#owned = new Map();
    for (const leaf of leaves) this.#put(leaf);
  }

  #isOf({ labels }: LabelledSeries<Series>, owners: ReadonlySet<string>): boolean {
    const owner = labels[this.#ownerAt] ?? OTHER;
    return owner === OTHER || owners.has(owner);
  }

  #find(values: readonly string[]): LabelledSeries<Series> | undefined {
    let node: SeriesNode<Series> | undefined = this.#root;
    for (let at = 0; at < this.#labelCount && node !== undefined; at++)
      node = node.children.get(values[at] ?? '');
    return node?.leaf;
  }

  #findShortened(values: readonly string[]): Series {
    const labels = Array.from({ length: this.#labelCount }, (_, at) => shortened(values[at] ?? ''));
    const found = this.#find(labels);
    if (found !== undefined) return found.series;
    const owner = labels[this.#ownerAt];
    const isFull =
      /* guard: metrics/series */ this.#leaves.length >= MAX_SERIES ||
      /* guard: metrics/owner-series */ (owner !== undefined &&
        (this.#owned.get(owner) ?? 0) >= MAX_OWNER_SERIES);
    if (!isFull) return this.#put({ labels, series: this.#create() });
    this.#onOverflow();
    const ownerAt = this.#leaves.length < 2 * MAX_SERIES ? this.#ownerAt : -1;
    const others = labels.map((label, at) => (at === ownerAt ? label : OTHER));
    return this.#find(others)?.series ?? this.#put({ labels: others, series: this.#create() });
  }

  #put(leaf: LabelledSeries<Series>): Series {
    let node = this.#root;
    for (const value of leaf.labels) {
      let child = node.children.get(value);
      if (child === undefined) node.children.set(value, (child = { children: new Map(), leaf: undefined }));
      node = child;
    }
    node.leaf = leaf;
    this.#leaves.push(leaf);
    const owner = leaf.labels[this.#ownerAt];
    if (owner !== undefined) this.#owned.set(owner, (this.#owned.get(owner) ?? 0) + 1);
    return leaf.series;
  }
}

/** @param values - Missing ones are empty. */
function isAt(values: readonly string[], labels: readonly string[]): boolean {
  for (let at = 0; at < labels.length; at++) if (labels[at] !== (values[at] ?? '')) return false;
  return true;
}

export function shortened(value: string): string {
  return /* guard: metrics/label-length */ value.length > MAX_LABEL_LENGTH
    ? value.slice(0, MAX_LABEL_LENGTH)
    : value;
}
