import type * as z from 'zod/mini';
import { schemaBelow, shapeOf } from '../schema/setting-at.ts';
import { written, type LocatedEntry, type LocatedMap, type LocatedValue } from './located-value.ts';

/**
 * Numbers under `…Ms` are milliseconds of the duration without `Ms`: `drainMs: 500` is `drain: 500ms`.
 *
 * @param schema - Of the map.
 */
export function withDurations(map: LocatedMap, schema: z.core.$ZodType): LocatedMap {
  const shape = shapeOf(schema);
  const entries = new Map<string, LocatedEntry>();
  for (const [key, entry] of map.entries) {
    const duration = shape === undefined ? undefined : durationOf(key, shape);
    if (duration !== undefined && !map.entries.has(duration))
      entries.set(duration, { ...entry, value: durationValue(entry.value) });
    else entries.set(key, { ...entry, value: below(entry.value, schemaBelow(schema, key)) });
  }
  return { ...map, entries };
}

function durationOf(key: string, shape: Readonly<Record<string, unknown>>): string | undefined {
  const name = /^(.+)Ms$/.exec(key)?.[1];
  return name !== undefined && !Object.hasOwn(shape, key) && Object.hasOwn(shape, name) ? name : undefined;
}

function durationValue(value: LocatedValue): LocatedValue {
  if (value.kind !== 'scalar' || typeof value.value !== 'number') return value;
  return written(`${Math.round(value.value)}ms`, value.at, value.source);
}

function below(value: LocatedValue, schema: z.core.$ZodType | undefined): LocatedValue {
  return value.kind === 'map' && schema !== undefined ? withDurations(value, schema) : value;
}
