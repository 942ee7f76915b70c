import type { MetricRegistry } from '@omni/telemetry';

/** What is measured of a gateway as a whole. */
export interface Measurements {
  /** `undefined` where nothing is measured. */
  readonly metrics: MetricRegistry | undefined;
  /** Ends what samples by itself. */
  end(): void;
}
