import type { UpstreamNote } from '@omni/coordinator';
import type { LifecycleNote } from '@omni/model';
import type { VirtualDisk } from '../world/virtual-disk.ts';
import type { Violations } from './violations.ts';

/** What was executed, what was told of it, and what a disk has: whatever was told as stored is there. */
export class Durability {
  readonly #violations: Violations;
  readonly #executed: string[] = [];
  readonly #records = new Map<string, string>();
  readonly #told = new Set<string>();
  readonly #stored: UpstreamNote[] = [];

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** @param record - In JSON. */
  onExecuted(upstream: string, record: string, notes: readonly LifecycleNote[], at: number): void {
    this.#records.set(upstream, record);
    for (const { kind } of notes) this.#executed.push(`${upstream} ${kind} ${at}`);
  }

  onTold(note: UpstreamNote, isStored: boolean): void {
    if (this.#told.has(note.id)) this.#break(`${note.id} is told twice`);
    this.#told.add(note.id);
    if (isStored) this.#stored.push(note);
  }

  /** The power is cut: what was told as stored is on the disk. */
  checkCut({ log, removed }: VirtualDisk): void {
    const rows = countOf(log.map(({ upstream, eventType, at }) => `${upstream} ${eventType} ${at}`));
    const told = countOf(this.#stored.map(({ upstream, note, at }) => `${upstream} ${note.kind} ${at}`));
    for (const [row, count] of told)
      // With a server that is removed goes what was written of it.
      if (!removed.has(nameIn(row)) && (rows.get(row) ?? 0) < count)
        return this.#break(`"${row}" was told as stored and is not there`);
  }

  /** Behind a stop everything is there, in its order, but what the log says that it lacks. */
  checkEnd({ log: all, removed, content: { rows } }: VirtualDisk): void {
    const log = all.filter(({ upstream }) => upstream === null || !removed.has(upstream));
    const lacking = log
      .filter(({ eventType }) => eventType === 'gap')
      .reduce((sum, { metadata }) => sum + rowsIn(metadata), 0);
    // With a server that is removed goes what was written of it.
    const executed = this.#executed.filter((row) => !removed.has(nameIn(row)));
    let at = 0;
    let skipped = 0;
    for (const { upstream, eventType, at: time } of log.filter((row) => row.eventType !== 'gap')) {
      const row = `${upstream} ${eventType} ${time}`;
      while (at < executed.length && executed[at] !== row) {
        at++;
        skipped++;
      }
      if (at++ >= executed.length) return this.#break(`"${row}" is in the log and has not happened`);
    }
    skipped += executed.length - at;
    if (skipped !== lacking)
      this.#break(`${skipped} of ${executed.length} notes are not in the log, which lacks ${lacking}`);
    if (this.#told.size !== this.#executed.length)
      this.#break(`${this.#executed.length} notes were executed, and ${this.#told.size} told`);
    for (const [name, record] of this.#records)
      if (!removed.has(name) && rows.get(name)?.record !== record)
        this.#break(`the record of "${name}" is not the last one`);
  }

  #break(what: string): void {
    this.#violations.add('I6', what);
  }
}

function rowsIn(metadata: string | null): number {
  // Written by the core.
  return (JSON.parse(metadata ?? '{}') as { readonly rows?: number }).rows ?? 0;
}

function countOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function nameIn(row: string): string {
  return row.slice(0, row.indexOf(' '));
}
