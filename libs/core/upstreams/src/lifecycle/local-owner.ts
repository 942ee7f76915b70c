import {
  type AdoptedUpstream,
  type LifecycleExecutor,
  type LifecycleHandle,
  LifecycleKeeper,
  type LifecycleOwner,
} from '@omni/model';
import type { Clock, Random } from '@omni/ports';

/** Owns records in the thread that executes what is decided; nothing of them outlives it. */
export class LocalOwner implements LifecycleOwner {
  readonly #parts: { readonly clock: Clock; readonly random: Random };

  constructor(parts: { readonly clock: Clock; readonly random: Random }) {
    this.#parts = parts;
  }

  adopt({ record, settings }: AdoptedUpstream, executor: LifecycleExecutor): LifecycleHandle {
    return new LifecycleKeeper({ ...this.#parts, record, settings, executor });
  }
}
