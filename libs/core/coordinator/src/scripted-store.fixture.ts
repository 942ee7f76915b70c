import {
  type CallBeginning,
  type CallToKeep,
  type ComponentStatus,
  type ConfigRevision,
  GatewayError,
  type HealthLogRow,
  type KeptCall,
  type KeptOutcome,
  type NewConfigRevision,
  type StateStore,
  type StoreBatch,
  type StoredDefinition,
  type StoredEvent,
  type StoredList,
  type StoredOverride,
  type StoredUpstream,
  type StoreReport,
  type UpstreamStateRow,
} from '@omni/ports';

/** How writes go: `lost` ones are kept, and fail. */
export type WriteMode = 'works' | 'fails' | 'lost' | 'hangs';

/** What is on a disk that may fail. */
export class ScriptedDisk {
  mode: WriteMode = 'works';
  canOpen = true;
  /** Resolves when a database that is slow to be reached is. */
  reached: Promise<void> = Promise.resolve();
  opens = 0;
  /** Keys of batches, as often as they were written. */
  readonly attempts: string[] = [];
  /** What was asked for, in turn. */
  readonly work: ('write' | 'prune')[] = [];
  readonly batches = new Map<string, StoreBatch>();
  readonly rows = new Map<string, UpstreamStateRow>();
  readonly log: HealthLogRow[] = [];
  readonly upstreams: StoredUpstream[] = [];
  readonly lists: StoredList[] = [];
  readonly pruned: number[] = [];
  readonly prunedCalls: number[] = [];
  readonly calls = new Map<string, KeptCall>();
  readonly revisions: ConfigRevision[] = [];
  readonly overrides = new Map<string, StoredOverride>();
  /** Rows of the log that are too old. */
  oldRows = 0;
  /** Resolves when a part of them is gone. */
  whilePruning: () => Promise<void> = () => Promise.resolve();
  definitions: readonly StoredDefinition[] = [];
  #events: StoredEvent[] = [];
  #sequence = 0;

  get events(): readonly StoredEvent[] {
    return this.#events;
  }

  readonly open = async (): Promise<StateStore> => {
    this.opens++;
    await this.reached;
    if (!this.canOpen) throw unavailable();
    return new ScriptedStore(this, this.opens);
  };

  keep(batch: StoreBatch): void {
    if (this.batches.has(batch.key)) return;
    this.batches.set(batch.key, batch);
    for (const row of batch.states ?? []) this.rows.set(row.name, row);
    this.log.push(...(batch.log ?? []));
    for (const event of batch.events ?? []) this.addEvent(event);
  }

  addEvent(event: string): void {
    this.#events.push({ sequence: ++this.#sequence, at: 0, event });
  }

  published(sequence: number): void {
    this.#events = this.#events.filter((event) => event.sequence > sequence);
  }
}

export class ScriptedStore implements StateStore {
  readonly epoch: number;
  readonly #disk: ScriptedDisk;

  constructor(disk: ScriptedDisk, epoch: number) {
    this.#disk = disk;
    this.epoch = epoch;
  }

  load(): Promise<readonly StoredUpstream[]> {
    return Promise.resolve(this.#disk.upstreams);
  }

  async write(batch: StoreBatch): Promise<void> {
    const { mode } = this.#disk;
    this.#disk.attempts.push(batch.key);
    this.#disk.work.push('write');
    if (mode === 'hangs') return await new Promise<void>(() => {});
    if (mode !== 'fails') this.#disk.keep(batch);
    if (mode !== 'works') throw unavailable();
  }

  async #writes(): Promise<void> {
    const { mode } = this.#disk;
    if (mode === 'hangs') return await new Promise<void>(() => {});
    if (mode !== 'works') throw unavailable();
  }

  pendingEvents(limit: number): Promise<readonly StoredEvent[]> {
    return Promise.resolve(this.#disk.events.slice(0, limit));
  }

  markPublished(sequence: number): Promise<void> {
    this.#disk.published(sequence);
    return Promise.resolve();
  }

  saveList(list: StoredList): Promise<void> {
    if (this.#disk.mode === 'fails') return Promise.reject(unavailable());
    this.#disk.lists.push(list);
    return Promise.resolve();
  }

  loadLists(): Promise<readonly StoredList[]> {
    return Promise.resolve([...this.#disk.lists]);
  }

  definitions(): Promise<readonly StoredDefinition[]> {
    return Promise.resolve(this.#disk.definitions);
  }

  healthLog(): Promise<readonly HealthLogRow[]> {
    return Promise.resolve(this.#disk.log);
  }

  async prune(olderThan: number, most: number): Promise<number> {
    const disk = this.#disk;
    disk.pruned.push(olderThan);
    disk.work.push('prune');
    await disk.whilePruning();
    const gone = Math.min(most, disk.oldRows);
    disk.oldRows -= gone;
    return gone;
  }

  async beginCall(call: CallToKeep): Promise<CallBeginning> {
    await this.#writes();
    const known = this.#disk.calls.get(call.id);
    if (known !== undefined) {
      const { digest, operation, end } = known;
      return { kind: 'known', digest, operation, end };
    }
    this.#disk.calls.set(call.id, { ...call, end: null });
    return { kind: 'begun' };
  }

  async endCall(id: string, end: KeptOutcome): Promise<boolean> {
    await this.#writes();
    const known = this.#disk.calls.get(id);
    if (known !== undefined) this.#disk.calls.set(id, { ...known, end });
    return true;
  }

  async findCall(id: string): Promise<KeptCall | undefined> {
    return this.#disk.calls.get(id);
  }

  async forgetCall(id: string): Promise<void> {
    await this.#writes();
    this.#disk.calls.delete(id);
  }

  pruneCalls(now: number): Promise<number> {
    this.#disk.prunedCalls.push(now);
    return Promise.resolve(0);
  }

  async addRevision(revision: NewConfigRevision): Promise<number> {
    await this.#writes();
    return this.#disk.revisions.push({ ...revision, number: this.#disk.revisions.length + 1 });
  }

  revisions(limit: number): Promise<readonly ConfigRevision[]> {
    return Promise.resolve(this.#disk.revisions.toReversed().slice(0, limit));
  }

  findRevision(number: number): Promise<ConfigRevision | undefined> {
    return Promise.resolve(this.#disk.revisions.find((revision) => revision.number === number));
  }

  async keepOverride(override: StoredOverride): Promise<void> {
    await this.#writes();
    this.#disk.overrides.set(override.id, override);
  }

  async forgetOverride(id: string): Promise<void> {
    await this.#writes();
    this.#disk.overrides.delete(id);
  }

  overrides(): Promise<readonly StoredOverride[]> {
    return Promise.resolve([...this.#disk.overrides.values()]);
  }

  check(): Promise<StoreReport> {
    return Promise.resolve({ engine: 'memory', schemaVersion: 1, problems: [] });
  }

  getStatus(): ComponentStatus {
    return { level: 'ok', details: {}, since: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function unavailable(): GatewayError {
  return new GatewayError('OMNI_STORE_UNAVAILABLE', 'The disk does not answer');
}
