import type { ConfigRevision, Millis, NewConfigRevision, StoredOverride } from '@omni/ports';
import type { Selectable, Transaction } from 'kysely';
import { optionalTimeText, type Tables, timeOf, timeText } from './tables.ts';

/** Keeps a configuration, once for each key. @returns Its number. */
export async function addRevision(
  db: Transaction<Tables>,
  { at, isWhole, ...revision }: NewConfigRevision,
): Promise<number> {
  await db
    .insertInto('config_revisions')
    .values({ ...revision, at: timeText(at), is_whole: isWhole })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  const { number } = await db
    .selectFrom('config_revisions')
    .select('number')
    .where('key', '=', revision.key)
    .executeTakeFirstOrThrow();
  return Number(number);
}

export function revisionOf(row: Selectable<Tables['config_revisions']>): ConfigRevision {
  const { number, at, is_whole: isWhole, ...revision } = row;
  return { ...revision, number: Number(number), at: timeOf(at), isWhole: Boolean(isWhole) };
}

export async function keepOverride(
  db: Transaction<Tables>,
  { id, at, until, ...override }: StoredOverride,
): Promise<void> {
  const row = { ...override, at: timeText(at), until: optionalTimeText(until) };
  await db
    .insertInto('overrides')
    .values({ id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

/** Those whose time is not over; the others go. */
export async function overridesAt(db: Transaction<Tables>, now: Millis): Promise<readonly StoredOverride[]> {
  // guard: store/override-time
  await db.deleteFrom('overrides').where('until', '<=', timeText(now)).execute();
  const rows = await db.selectFrom('overrides').selectAll().orderBy('at').orderBy('id').execute();
  return rows.map(({ at, until, ...override }) => ({
    ...override,
    at: timeOf(at),
    until: until === null ? null : timeOf(until),
  }));
}
