import type { Random } from '@omni/ports';
import { textShare } from '../text-hash.ts';

/** Whether a replica is tried with a share of the calls. */
export interface Canary {
  /** Of all calls, below 1. Default: it takes its part by weight. */
  readonly canary?: number;
}

/**
 * Who takes a call: one canary, as often as its share says, or all others. Where there is only one kind, that
 * one takes all.
 *
 * @param stickyKey - Calls with the same go to the same kind; by chance where it is absent.
 */
export function isOfCanaries<Replica extends Canary>(
  replicas: readonly Replica[],
  { stickyKey, random }: { readonly stickyKey: string | undefined; readonly random: Random },
): { readonly chosen: readonly Replica[]; readonly isCanary: boolean } {
  const canaries = replicas.filter(({ canary }) => canary !== undefined);
  if (canaries.length === 0 || canaries.length === replicas.length)
    return { chosen: replicas, isCanary: false };
  let left = stickyKey === undefined ? random() : textShare(`canary\n${stickyKey}`);
  for (const replica of canaries) {
    left -= replica.canary ?? 0;
    // guard: balance/canary
    if (left < 0) return { chosen: [replica], isCanary: true };
  }
  return { chosen: replicas.filter(({ canary }) => canary === undefined), isCanary: false };
}
