import type { CallBeginning, CallToKeep, KeptCall, KeptCallLimits, KeptOutcome, Millis } from '@omni/ports';
import type { Transaction } from 'kysely';
import { type Tables, timeOf, timeText } from './tables.ts';

/** How much a principal has of {@link KeptCallLimits}. */
interface KeptShare {
  readonly calls: number;
  readonly bytes: number;
}

/** Remembers a call, unless it is remembered or its principal has too many. */
export async function beginCall(
  db: Transaction<Tables>,
  call: CallToKeep,
  limits: KeptCallLimits,
): Promise<CallBeginning> {
  const { id, principal, digest, operation } = call;
  const now = timeText(call.begunAt);
  const known = await db
    .selectFrom('kept_calls')
    .select(['digest', 'operation', 'outcome', 'payload'])
    .where('id', '=', id)
    .where('kept_until', '>', now)
    .executeTakeFirst();
  if (known !== undefined) {
    const { outcome, payload, ...facts } = known;
    return { kind: 'known', ...facts, end: outcome === null ? null : { outcome, payload } };
  }
  if (isFull(await shareOf(db, principal), limits)) {
    await db
      .deleteFrom('kept_calls')
      .where('principal', '=', principal)
      .where('kept_until', '<=', now)
      .execute();
    // guard: store/kept-calls
    if (isFull(await shareOf(db, principal), limits))
      return { kind: 'full', until: await oldestOf(db, principal) };
  }
  const row = {
    principal,
    digest,
    operation,
    begun_at: now,
    kept_until: timeText(call.keptUntil),
    outcome: null,
    payload: null,
    size: 0,
  };
  // One whose time is over may be there.
  await db
    .insertInto('kept_calls')
    .values({ id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
  return { kind: 'begun' };
}

/** A call whose time is not over. */
export async function findCall(
  db: Transaction<Tables>,
  id: string,
  now: Millis,
): Promise<KeptCall | undefined> {
  const row = await db
    .selectFrom('kept_calls')
    .select(['digest', 'operation', 'begun_at', 'kept_until', 'outcome', 'payload'])
    .where('id', '=', id)
    .where('kept_until', '>', timeText(now))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { digest, operation, begun_at: begunAt, kept_until: keptUntil, outcome, payload } = row;
  return {
    digest,
    operation,
    begunAt: timeOf(begunAt),
    keptUntil: timeOf(keptUntil),
    end: outcome === null ? null : { outcome, payload },
  };
}

/** An outcome without a payload is kept in any case, and counts. @returns Whether there was room. */
export async function endCall(
  db: Transaction<Tables>,
  id: string,
  { outcome, payload }: KeptOutcome,
  { maxBytes }: KeptCallLimits,
): Promise<boolean> {
  const known = await db
    .selectFrom('kept_calls')
    .select(['principal', 'size'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (known === undefined) return true;
  const size = Buffer.byteLength(outcome) + (payload?.length ?? 0);
  const others = (await shareOf(db, known.principal)).bytes - Number(known.size);
  // guard: store/kept-bytes
  if (payload !== null && others + size > maxBytes) return false;
  await db.updateTable('kept_calls').set({ outcome, payload, size }).where('id', '=', id).execute();
  return true;
}

function isFull({ calls, bytes }: KeptShare, { maxCalls, maxBytes }: KeptCallLimits): boolean {
  return calls >= maxCalls || bytes >= maxBytes;
}

async function shareOf(db: Transaction<Tables>, principal: string): Promise<KeptShare> {
  const { calls, bytes } = await db
    .selectFrom('kept_calls')
    .select(({ fn }) => [fn.countAll().as('calls'), fn.sum('size').as('bytes')])
    .where('principal', '=', principal)
    .executeTakeFirstOrThrow();
  return { calls: Number(calls), bytes: Number(bytes ?? 0) };
}

async function oldestOf(db: Transaction<Tables>, principal: string): Promise<number> {
  const { until } = await db
    .selectFrom('kept_calls')
    .select(({ fn }) => fn.min('kept_until').as('until'))
    .where('principal', '=', principal)
    .executeTakeFirstOrThrow();
  return timeOf(until);
}
