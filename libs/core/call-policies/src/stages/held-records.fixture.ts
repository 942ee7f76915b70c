import { jest } from '@jest/globals';
import type { CallBeginning, CallToKeep, GatewayError, KeptCall, KeptOutcome } from '@omni/ports';
import type { CallRecords } from '../outcome/keyed-run.ts';

interface Row {
  readonly call: CallToKeep;
  readonly end: KeptOutcome | null;
}

/** A store whose answers come when they are let through. */
export class HeldRecords implements CallRecords {
  readonly rows = new Map<string, Row>();
  readonly log: string[] = [];
  failure: GatewayError | undefined;
  isFullUntil: number | undefined;
  hasRoom = true;
  holdsEnds = false;
  readonly #held: (() => void)[] = [];

  async begin(call: CallToKeep): Promise<CallBeginning> {
    if (this.failure !== undefined) throw this.failure;
    if (this.isFullUntil !== undefined) return { kind: 'full', until: this.isFullUntil };
    const row = this.rows.get(call.id);
    this.log.push(row === undefined ? 'begun' : 'known');
    if (row !== undefined) {
      const { digest, operation } = row.call;
      return { kind: 'known', digest, operation, end: row.end };
    }
    this.rows.set(call.id, { call, end: null });
    return { kind: 'begun' };
  }

  async end(id: string, end: KeptOutcome): Promise<boolean> {
    if (this.holdsEnds) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    if (end.payload !== null && !this.hasRoom) return false;
    const row = this.rows.get(id);
    if (row !== undefined) this.rows.set(id, { ...row, end });
    this.log.push('ended');
    return true;
  }

  async find(id: string, now: number): Promise<KeptCall | undefined> {
    if (this.failure !== undefined) throw this.failure;
    const row = this.rows.get(id);
    return row === undefined || row.call.keptUntil <= now ? undefined : { ...row.call, end: row.end };
  }

  async forget(id: string): Promise<void> {
    this.rows.delete(id);
    this.log.push('forgotten');
  }

  release(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

/** Hashes under way: they are made elsewhere, in no order. */
const hashing = new Set<Promise<unknown>>();
const digest = crypto.subtle.digest.bind(crypto.subtle);
jest.spyOn(crypto.subtle, 'digest').mockImplementation((...asked) => {
  const hash = digest(...asked);
  hashing.add(hash);
  return hash;
});

/** Hashes and store have answered. */
export async function settled(): Promise<void> {
  await Promise.all(hashing);
  hashing.clear();
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
