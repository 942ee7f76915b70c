import type { Clock, StoreReport } from '@omni/ports';

export interface StoreCheck extends StoreReport {
  readonly path: string;
}

export interface StoreFile {
  readonly path: string;
  readonly stateFolder: string;
  readonly clock: Clock;
}
