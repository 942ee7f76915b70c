import { LIST_KINDS, type ListKind } from '@omni/model';
import type { UpstreamCatalogue } from './upstream-catalogue.ts';

export interface ListBudgetOptions {
  /** Bytes that the lists of all upstreams may keep, those that are some clients' own among them. */
  readonly maxBytes: number;
  /** All upstreams, asked for at each use. */
  readonly upstreams: () => readonly string[];
  /** What is kept of an upstream: what it lists to all, and by variant key what it lists to some. */
  readonly kept: (upstream: string) => ReadonlyMap<string | undefined, UpstreamCatalogue>;
}

/** Room for what is read of an upstream. */
export interface ListRoom {
  /** @returns Whether so many bytes may be kept for the list; what was held before still counts if not. */
  hold(kind: ListKind, bytes: number): boolean;
}

interface Reading {
  readonly variantKey: string | undefined;
  readonly held: Record<ListKind, number>;
}

/** Of the half that no list has a right to, one upstream gets at most a quarter. */
const MAX_LOOSE_PARTS = 4;

/**
 * One budget for what the lists of all upstreams keep. Half of it is divided equally among the lists of all
 * upstreams, whatever the others keep; the other half goes to those that need more, so that neither a fat
 * server nor a fat list takes the room of another.
 *
 * A list that is read again takes the room of the one that it replaces.
 */
export class ListBudget {
  readonly #options: ListBudgetOptions;
  readonly #readings = new Map<string, Set<Reading>>();

  constructor(options: ListBudgetOptions) {
    this.#options = options;
  }

  /** Bytes that are kept, or being read. */
  get held(): number {
    let held = 0;
    for (const upstream of this.#options.upstreams())
      for (const kind of LIST_KINDS) held += this.#used(upstream, kind);
    return held;
  }

  /**
   * Reads the lists of an upstream; what is read counts from the beginning, until it is kept or given up.
   *
   * @param variantKey - Of the clients that it is read for; `undefined` for all.
   */
  async read<Result>(
    upstream: string,
    variantKey: string | undefined,
    read: (room: ListRoom) => Promise<Result>,
  ): Promise<Result> {
    const reading: Reading = { variantKey, held: { tools: 0, resources: 0, templates: 0, prompts: 0 } };
    const all = this.#readings.get(upstream) ?? new Set<Reading>();
    this.#readings.set(upstream, all.add(reading));
    try {
      return await read({ hold: (kind, bytes) => this.#hold(upstream, reading, kind, bytes) });
    } finally {
      all.delete(reading);
      if (all.size === 0) this.#readings.delete(upstream);
    }
  }

  #hold(upstream: string, { held }: Reading, kind: ListKind, bytes: number): boolean {
    const before = held[kind];
    held[kind] = bytes;
    // guard: list/room
    if (this.#hasRoom(upstream, kind)) return true;
    held[kind] = before;
    return false;
  }

  #hasRoom(upstream: string, kind: ListKind): boolean {
    const { maxBytes, upstreams } = this.#options;
    const names = upstreams();
    const loose = maxBytes / 2;
    const part = loose / (Math.max(1, names.length) * LIST_KINDS.length);
    if (this.#used(upstream, kind) <= part) return true;
    const beyond = (name: string): number =>
      LIST_KINDS.reduce((sum, list) => sum + Math.max(0, this.#used(name, list) - part), 0);
    return (
      /* guard: list/fair */ beyond(upstream) <= loose / MAX_LOOSE_PARTS &&
      names.reduce((sum, name) => sum + beyond(name), 0) <= loose
    );
  }

  #used(upstream: string, kind: ListKind): number {
    const kept = this.#options.kept(upstream);
    const readings = this.#readings.get(upstream) ?? [];
    const shared = kept.get(undefined)?.[kind].items;
    let used = 0;
    for (const [variantKey, { [kind]: list }] of kept) {
      // What does not differ from what all see is kept once.
      const own = variantKey !== undefined && list.items === shared ? 0 : list.bytes;
      used += Math.max(own, readOf(readings, variantKey, kind));
    }
    for (const { variantKey, held } of readings) if (!kept.has(variantKey)) used += held[kind];
    return used;
  }
}

function readOf(readings: Iterable<Reading>, variantKey: string | undefined, kind: ListKind): number {
  let bytes = 0;
  for (const reading of readings)
    if (reading.variantKey === variantKey) bytes = Math.max(bytes, reading.held[kind]);
  return bytes;
}
