import type { NewEvent } from '@omni/events';
import { DEFAULT_ROUTING, type FaultSettings, type Logger, type UpstreamSpec } from '@omni/ports';

export interface FaultWatchParts {
  readonly events: { publish(event: NewEvent): unknown };
  readonly logger: Logger;
}

/** Says which servers have faults on purpose: none has them in silence. */
export class FaultWatch {
  readonly #parts: FaultWatchParts;
  /** As it was said last. */
  readonly #told = new Map<string, string>();

  constructor(parts: FaultWatchParts) {
    this.#parts = parts;
  }

  look(specs: readonly UpstreamSpec[]): void {
    const faults = new Map(specs.flatMap((spec) => faultsOf(spec).map((found) => [spec.name, found])));
    for (const name of [...this.#told.keys()]) if (!faults.has(name)) this.#tell(name, undefined);
    for (const [name, found] of faults)
      if (this.#told.get(name) !== JSON.stringify(found)) this.#tell(name, found);
  }

  #tell(upstream: string, faults: FaultSettings | undefined): void {
    const { events, logger } = this.#parts;
    if (faults === undefined) this.#told.delete(upstream);
    else this.#told.set(upstream, JSON.stringify(faults));
    const { share = 0, delayMs = 0, end = 'none' } = faults ?? {};
    logger.warn(
      { upstream, share, delayMs, end },
      faults === undefined
        ? 'calls to the server are not made to fail any more'
        : 'calls to the server are slow or fail on purpose: routing.faults is on',
    );
    events.publish({
      type: faults === undefined ? 'upstream.faults_off' : 'upstream.faults_on',
      subject: { server: upstream },
      data: { share, delayMs, end },
    });
  }
}

/** Those of a definition that are on: one, or none. */
export function faultsOf({ enabled, routing = DEFAULT_ROUTING }: UpstreamSpec): readonly FaultSettings[] {
  const { faults } = routing;
  const isOn = enabled && faults.share > 0 && (faults.delayMs > 0 || faults.end !== 'none');
  return isOn ? [faults] : [];
}
