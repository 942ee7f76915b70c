import type { OverrideChange, OverrideInForce, Overrides } from '@omni/call-policies';
import type { ConfigurationMemory } from '@omni/coordinator';
import type { AuditSink, Clock, Logger, StoredOverride } from '@omni/ports';
import type { UpstreamRegistry } from '@omni/upstreams';

export interface KeptOverridesParts {
  readonly overrides: Overrides;
  readonly registry: UpstreamRegistry;
  readonly memory: Pick<ConfigurationMemory, 'keepOverride' | 'forgetOverride' | 'overrides'>;
  /** Whether there is a store. */
  readonly isStored: boolean;
  /** Told every change that somebody has made. */
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
}

/** How long a start waits for overrides of an earlier run. */
const RESTORE_MS = 1_000;

/** Overrides over restarts: each change goes to the store, and the start takes them from there. */
export class KeptOverrides {
  readonly #parts: KeptOverridesParts;
  /** By server: those of servers that have not come. */
  readonly #waiting = new Map<string, StoredOverride[]>();
  #isRestoring = false;

  constructor(parts: KeptOverridesParts) {
    this.#parts = parts;
    parts.overrides.subscribe((change) => this.#onChange(change));
    if (!parts.isStored) return;
    parts.registry.subscribe((_definitions, { added }) => {
      for (const name of added) {
        const rows = this.#waiting.get(name) ?? [];
        this.#waiting.delete(name);
        for (const row of rows) this.#take(row);
      }
    });
  }

  /** Puts those of an earlier run in force: before calls, unless the store takes its time. */
  async restore(): Promise<void> {
    const { memory, isStored, clock, logger } = this.#parts;
    if (!isStored) return;
    const taken = memory.overrides(clock.now()).then(
      (rows) => {
        for (const row of rows) this.#take(row);
      },
      (error: unknown) => logger.error({ error }, 'overrides of an earlier run are not in force'),
    );
    let cancel = (): void => {};
    await Promise.race([taken, new Promise<void>((resolve) => (cancel = clock.after(RESTORE_MS, resolve)))]);
    cancel();
  }

  #take(row: StoredOverride): void {
    const { overrides, registry, clock, logger } = this.#parts;
    const { target, override } = contentOf(row);
    if (registry.current.get(target.upstream) === undefined) {
      const rows = this.#waiting.get(target.upstream) ?? [];
      this.#waiting.set(target.upstream, [...rows, row]);
      return;
    }
    // What was set since the start is later.
    if (overrides.list(target.upstream).some((one) => idOf(one) === row.id)) return;
    const forMs = row.until === null ? undefined : row.until - clock.now();
    if (forMs !== undefined && forMs <= 0) return;
    this.#isRestoring = true;
    try {
      overrides.set(target, override, { author: row.author, ...(forMs !== undefined && { forMs }) });
    } catch (error) {
      logger.error({ error, upstream: target.upstream }, 'an override of an earlier run is not in force');
    } finally {
      this.#isRestoring = false;
    }
  }

  #onChange(change: OverrideChange): void {
    const { memory, isStored, audit, clock, logger } = this.#parts;
    if (this.#isRestoring) return;
    const { target, override, author, until, by } = change;
    const at = clock.now();
    audit.record({
      type: `override.${change.change}`,
      at,
      actor: by,
      subject: [target.upstream, target.called?.name].filter((part) => part !== undefined).join('/'),
      outcome: 'success',
      details: { kind: override.kind, ...(until !== undefined && { until }) },
    });
    if (!isStored) return;
    const id = idOf(change);
    const kept =
      change.change === 'set'
        ? memory.keepOverride({
            ...{ id, at, author, until: until ?? null },
            document: JSON.stringify({ target, override }),
          })
        : memory.forgetOverride(id);
    kept.catch((error: unknown) =>
      logger.error(
        { error, upstream: target.upstream },
        'a change of an override does not outlive a restart',
      ),
    );
  }
}

function idOf({ target: { upstream, called }, override }: OverrideInForce | OverrideChange): string {
  return JSON.stringify(['policy', upstream, override.kind, called?.method ?? null, called?.name ?? null]);
}

function contentOf({ document }: StoredOverride): Pick<OverrideInForce, 'target' | 'override'> {
  // Holds: this class has written it.
  return JSON.parse(document) as Pick<OverrideInForce, 'target' | 'override'>;
}
