import {
  type CallBeginning,
  type CallToKeep,
  type ComponentStatus,
  type ConfigRevision,
  GatewayError,
  type HealthLogQuery,
  type HealthLogRow,
  type KeptCall,
  type KeptCallLimits,
  type KeptOutcome,
  type NewConfigRevision,
  type OutsideDefinition,
  type StateStore,
  type StoreBatch,
  type StoredDefinition,
  type StoredEvent,
  type StoredList,
  type StoredOverride,
  type StoredUpstream,
  type StoreReport,
} from '@omni/ports';
import type { Choices } from '../engine/choices.ts';

interface Row {
  readonly definition: OutsideDefinition;
  readonly record: string | null;
  readonly writtenAt: number | null;
}

/** A call that must not be made twice. */
interface KeptRow extends Omit<CallToKeep, 'id'> {
  readonly end: KeptOutcome | null;
}

/** What lies on a disk, as plain data. */
interface Content {
  rows: Map<string, Row>;
  log: HealthLogRow[];
  events: (StoredEvent & { readonly isPublished: boolean })[];
  /** Of batches, with their times. */
  keys: Map<string, number>;
  lists: Map<string, StoredList>;
  calls: Map<string, KeptRow>;
  revisions: ConfigRevision[];
  overrides: Map<string, StoredOverride>;
  sequence: number;
}

export interface VirtualDiskOptions {
  readonly choices: Choices;
  /** Lets the time pass that a disk takes. */
  readonly work: () => Promise<void>;
}

const HEALTH: ReadonlySet<string> = new Set(['healthy', 'disconnected', 'circuit_open', 'disabled']);
const NOTHING: Content = {
  rows: new Map(),
  log: [],
  events: [],
  keys: new Map(),
  lists: new Map(),
  calls: new Map(),
  revisions: [],
  overrides: new Map(),
  sequence: 0,
};

/** A disk that may be full, fail, and lose what was under way when the power is cut. */
export class VirtualDisk {
  readonly #options: VirtualDiskOptions;
  content: Content;
  /** The writer; whoever was it before can write no more. */
  epoch = 0;
  isFull = false;
  /** Of how many writes one fails; 0: of none. */
  failsEach = 0;
  #writes = 0;
  /** Upstreams whose rows went with them, whether or not others have their names by now. */
  readonly removed = new Set<string>();
  #underWay: StoreBatch | undefined;

  constructor(options: VirtualDiskOptions, content = NOTHING) {
    this.#options = options;
    this.content = structuredClone(content);
  }

  readonly open = (): Promise<StateStore> => Promise.resolve(new VirtualStore(this, ++this.epoch));

  get log(): readonly HealthLogRow[] {
    return this.content.log;
  }

  /** What is there when the power is cut now: what was under way is there, or is not. */
  cut(): VirtualDisk {
    const copy = new VirtualDisk(this.#options, this.content);
    copy.epoch = this.epoch;
    for (const name of this.removed) copy.removed.add(name);
    if (this.#underWay !== undefined && this.#options.choices.chance(0.5)) copy.keep(this.#underWay);
    return copy;
  }

  work(): Promise<void> {
    return this.#options.work();
  }

  async write(batch: StoreBatch, isFenced: () => boolean): Promise<void> {
    const { choices } = this.#options;
    const isFailure = this.failsEach > 0 && ++this.#writes % this.failsEach === 0;
    this.#underWay = batch;
    await this.work();
    this.#underWay = undefined;
    if (isFenced()) throw new GatewayError('OMNI_STORE_FENCED', 'There is another writer by now');
    if (this.isFull) throw new GatewayError('OMNI_STORE_FULL', 'There is no room');
    if (!isFailure || choices.chance(0.5)) this.keep(batch);
    if (isFailure) throw new GatewayError('OMNI_STORE_UNAVAILABLE', 'The disk has failed');
  }

  keep({ key, at, defined = [], states = [], log = [], events = [], removed = [] }: StoreBatch): void {
    const { content } = this;
    if (content.keys.has(key)) return;
    if (states.some(({ healthStatus }) => !HEALTH.has(healthStatus)))
      throw new GatewayError('OMNI_STORE_UNAVAILABLE', 'A row breaks a rule of its table');
    content.keys.set(key, at);
    for (const definition of defined) {
      const { record = null, writtenAt = null } = content.rows.get(definition.name) ?? {};
      content.rows.set(definition.name, { definition, record, writtenAt });
    }
    for (const { name, record } of states) {
      const row = content.rows.get(name);
      if (row !== undefined) content.rows.set(name, { ...row, record, writtenAt: at });
    }
    content.log.push(...log.filter(({ upstream }) => upstream === null || content.rows.has(upstream)));
    for (const event of events)
      content.events.push({ sequence: ++content.sequence, at, event, isPublished: false });
    for (const name of removed) this.#remove(name);
  }

  #remove(name: string): void {
    this.removed.add(name);
    const { rows, lists } = this.content;
    rows.delete(name);
    for (const [key, list] of lists) if (list.upstream === name) lists.delete(key);
    this.content.log = this.content.log.filter(({ upstream }) => upstream !== name);
  }
}

/** One writer of the disk: does what it is asked one after the other. */
class VirtualStore implements StateStore {
  readonly epoch: number;
  readonly #disk: VirtualDisk;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(disk: VirtualDisk, epoch: number) {
    this.#disk = disk;
    this.epoch = epoch;
  }

  load(): Promise<readonly StoredUpstream[]> {
    return this.#next(({ rows }) =>
      [...rows]
        .map(([name, { definition, record, writtenAt }]) => ({
          name,
          source: definition.source,
          revision: definition.revision,
          record,
          writtenAt,
        }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  write(batch: StoreBatch): Promise<void> {
    return this.#next(() => this.#disk.write(batch, () => this.#isFenced));
  }

  pendingEvents(limit: number): Promise<readonly StoredEvent[]> {
    return this.#next(({ events }) =>
      events
        .filter(({ isPublished }) => !isPublished)
        .slice(0, limit)
        .map(({ sequence, at, event }) => ({ sequence, at, event })),
    );
  }

  markPublished(sequence: number): Promise<void> {
    return this.#next(async (content) => {
      await this.#disk.work();
      if (this.#isFenced) throw new GatewayError('OMNI_STORE_FENCED', 'There is another writer by now');
      content.events = content.events.map((event) =>
        event.sequence <= sequence ? { ...event, isPublished: true } : event,
      );
    });
  }

  saveList(list: StoredList): Promise<void> {
    return this.#next(({ lists, rows }) => {
      if (rows.has(list.upstream)) lists.set(`${list.upstream} ${list.kind}`, list);
    });
  }

  loadLists(): Promise<readonly StoredList[]> {
    return this.#next(({ lists }) => [...lists.values()]);
  }

  /** Nobody but Omni writes here. */
  definitions(): Promise<readonly StoredDefinition[]> {
    return this.#next(() => []);
  }

  healthLog({ upstream, before = Infinity, limit }: HealthLogQuery): Promise<readonly HealthLogRow[]> {
    return this.#next(({ log }) =>
      log
        .filter((row) => (upstream === undefined || row.upstream === upstream) && row.at < before)
        .toReversed()
        .slice(0, limit),
    );
  }

  prune(olderThan: number): Promise<number> {
    return this.#next((content) => {
      const { length } = content.log;
      content.log = content.log.filter(({ at }) => at >= olderThan);
      content.events = content.events.filter(({ at, isPublished }) => !isPublished || at >= olderThan);
      for (const [key, at] of content.keys) if (at < olderThan) content.keys.delete(key);
      return length - content.log.length;
    });
  }

  beginCall(call: CallToKeep, limits: KeptCallLimits): Promise<CallBeginning> {
    return this.#next(async ({ calls }) => {
      await this.#disk.work();
      const { id, principal, digest, operation, begunAt, keptUntil } = call;
      const known = calls.get(id);
      if (known !== undefined && known.keptUntil > begunAt)
        return { kind: 'known', digest: known.digest, operation: known.operation, end: known.end };
      const isFull = (): boolean => {
        const own = ownOf(calls, principal);
        return own.length >= limits.maxCalls || bytesOf(own) >= limits.maxBytes;
      };
      if (isFull())
        for (const [other, row] of calls)
          if (row.principal === principal && row.keptUntil <= begunAt) calls.delete(other);
      if (isFull())
        return { kind: 'full', until: Math.min(...ownOf(calls, principal).map((row) => row.keptUntil)) };
      calls.set(id, { principal, digest, operation, begunAt, keptUntil, end: null });
      return { kind: 'begun' };
    });
  }

  endCall(id: string, end: KeptOutcome, { maxBytes }: KeptCallLimits): Promise<boolean> {
    return this.#next(async ({ calls }) => {
      await this.#disk.work();
      const known = calls.get(id);
      if (known === undefined) return true;
      const others = ownOf(calls, known.principal).filter((row) => row !== known);
      if (end.payload !== null && bytesOf(others) + sizeOf(end) > maxBytes) return false;
      calls.set(id, { ...known, end });
      return true;
    });
  }

  findCall(id: string, now: number): Promise<KeptCall | undefined> {
    return this.#next(({ calls }) => {
      const known = calls.get(id);
      if (known === undefined || known.keptUntil <= now) return undefined;
      const { principal: _, ...kept } = known;
      return kept;
    });
  }

  forgetCall(id: string): Promise<void> {
    return this.#next(({ calls }) => void calls.delete(id));
  }

  pruneCalls(now: number): Promise<number> {
    return this.#next(({ calls }) => {
      const { size } = calls;
      for (const [id, { keptUntil }] of calls) if (keptUntil <= now) calls.delete(id);
      return size - calls.size;
    });
  }

  addRevision(revision: NewConfigRevision): Promise<number> {
    return this.#next(({ revisions }) => {
      const known = revisions.find(({ key }) => key === revision.key);
      return known?.number ?? revisions.push({ ...revision, number: revisions.length + 1 });
    });
  }

  revisions(limit: number): Promise<readonly ConfigRevision[]> {
    return this.#next(({ revisions }) => revisions.toReversed().slice(0, limit));
  }

  findRevision(number: number): Promise<ConfigRevision | undefined> {
    return this.#next(({ revisions }) => revisions.find((revision) => revision.number === number));
  }

  keepOverride(override: StoredOverride): Promise<void> {
    return this.#next(({ overrides }) => void overrides.set(override.id, override));
  }

  forgetOverride(id: string): Promise<void> {
    return this.#next(({ overrides }) => void overrides.delete(id));
  }

  overrides(now: number): Promise<readonly StoredOverride[]> {
    return this.#next(({ overrides }) => {
      for (const { id, until } of [...overrides.values()])
        if (until !== null && until <= now) overrides.delete(id);
      return [...overrides.values()];
    });
  }

  check(): Promise<StoreReport> {
    return this.#next(() => ({ engine: 'memory', schemaVersion: 1, problems: [] }));
  }

  getStatus(): ComponentStatus {
    return { level: 'ok', details: {}, since: 0 };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }

  get #isFenced(): boolean {
    return this.#disk.epoch !== this.epoch;
  }

  #next<Result>(work: (content: Content) => Result | Promise<Result>): Promise<Result> {
    if (this.#isClosed)
      return Promise.reject(new GatewayError('OMNI_STORE_UNAVAILABLE', 'The store is closed'));
    const result = this.#last.then(() => work(this.#disk.content));
    this.#last = result.catch(() => {});
    return result;
  }
}

function ownOf(calls: ReadonlyMap<string, KeptRow>, principal: string): readonly KeptRow[] {
  return [...calls.values()].filter((row) => row.principal === principal);
}

function bytesOf(calls: readonly KeptRow[]): number {
  return calls.reduce((sum, { end }) => sum + (end === null ? 0 : sizeOf(end)), 0);
}

function sizeOf({ outcome, payload }: KeptOutcome): number {
  return new TextEncoder().encode(outcome).length + (payload?.length ?? 0);
}
