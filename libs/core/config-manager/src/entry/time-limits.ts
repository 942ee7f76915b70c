import type { ClientFormat, TimeLimit } from '../clients/client-format.ts';
import { TIME_LIMITS } from '../clients/entry-keys.ts';
import { written, type LocatedEntry, type LocatedMap, type LocatedValue } from '../document/located-value.ts';
import { DURATION_PATTERN, MAX_DURATION_MS } from '../schema/duration.ts';
import type { EntryReport } from './entry-report.ts';

type Setting = TimeLimit['setting'];

/** Members of a `timeout` that is a map, in milliseconds (opencode). */
const PARTS: Readonly<Record<string, Setting>> = {
  startup: 'connectTimeout',
  connect: 'connectTimeout',
  init: 'connectTimeout',
  request: 'callTimeout',
  call: 'callTimeout',
  tool: 'callTimeout',
};
/** No client gives a server less than a second, in milliseconds, or more than an hour, in seconds. */
const FEWEST_MS = 1_000;
const MOST_SECONDS = 3_600;
const MOST_MS = 999_999_999;

/** Whether a key limits a time in some client. */
export function isTimeLimit(key: string): boolean {
  return key === 'timeout' || Object.hasOwn(TIME_LIMITS, key);
}

/**
 * What the time limits of clients are in Omni's settings, as durations. A `timeout` of a client that is not
 * known is taken by its size, and its author is told.
 */
export function timeLimits(
  entry: LocatedMap,
  format: ClientFormat | undefined,
  report: EntryReport,
): ReadonlyMap<Setting, LocatedEntry> {
  const limits = new Map<Setting, LocatedEntry>();
  const set = (setting: Setting, found: LocatedEntry, ms: number): void => {
    limits.set(setting, { ...found, value: written(durationText(ms), found.value.at) });
  };
  for (const [key, found] of entry.entries) {
    if (!isTimeLimit(key)) continue;
    if (found.value.kind === 'map' && key === 'timeout') {
      for (const [part, inner] of found.value.entries) {
        const setting = PARTS[part];
        const ms = numberOf(inner.value);
        if (setting !== undefined && ms !== undefined && ms > 0) set(setting, inner, ms);
        else if (setting === undefined)
          report.warnings.add(
            inner.at,
            `${report.key}.${key}.${part}`,
            `${report.key}.${key}.${part} is not known here and has no effect`,
          );
      }
      continue;
    }
    if (isDuration(found.value)) {
      limits.set(TIME_LIMITS[key]?.setting ?? 'callTimeout', found);
      continue;
    }
    const number = numberOf(found.value);
    if (number === undefined) {
      if (found.value.kind !== 'scalar' || found.value.value !== null)
        report.problems.add(found.value.at, `${report.key}.${key}`, `${report.key}.${key} must be a number`);
      continue;
    }
    // In most clients 0 and less mean no limit, which Omni does not have.
    if (number <= 0) continue;
    const known = TIME_LIMITS[key] ?? format?.timeLimits?.[key];
    if (known !== undefined) set(known.setting, found, number * (known.unit === 's' ? 1_000 : 1));
    else bySize(key, number, found, report, set);
  }
  return limits;
}

function bySize(
  key: string,
  number: number,
  found: LocatedEntry,
  { key: entry, warnings }: EntryReport,
  set: (setting: Setting, found: LocatedEntry, ms: number) => void,
): void {
  const path = `${entry}.${key}`;
  const isMs = number > MOST_SECONDS;
  const isKnown = isMs || number < FEWEST_MS;
  const ms = isMs ? number : number * 1_000;
  if (isKnown) set('callTimeout', found, ms);
  const text = isMs || ms % 1_000 !== 0 ? durationText(ms) : `${number}s`;
  const taken = !isKnown
    ? 'has no effect, as it is seconds in some clients and milliseconds in others'
    : `says no unit and is read as ${text}`;
  warnings.add(found.at, path, `${path} ${taken}; write "callTimeout": "${text}"`);
}

/** At most what timers hold; a duration has at most nine digits. */
function durationText(ms: number): string {
  const bounded = Math.min(Math.max(1, Math.round(ms)), MAX_DURATION_MS);
  return bounded > MOST_MS ? `${Math.floor(bounded / 1_000)}s` : `${bounded}ms`;
}

function numberOf(value: LocatedValue): number | undefined {
  if (value.kind !== 'scalar') return undefined;
  if (typeof value.value === 'number') return value.value;
  const isNumber = typeof value.value === 'string' && /^\d+(?:\.\d+)?$/.test(value.value);
  return isNumber ? Number(value.value) : undefined;
}

function isDuration(value: LocatedValue): boolean {
  return value.kind === 'scalar' && typeof value.value === 'string' && DURATION_PATTERN.test(value.value);
}
