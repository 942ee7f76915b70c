import { quoted, type ProblemList } from '../checks/config-problem.ts';
import type { LocatedEntry, LocatedMap } from './located-value.ts';

/** Settings that had another name: section, old key, present key. */
const RENAMED: readonly (readonly [section: string, old: string, present: string])[] = [
  ['naming', 'asker', 'labelElicitations'],
  ['limits', 'maxHeldBytes', 'maxUnfinishedBytes'],
];

/**
 * Reads settings under their old names: the old name alone is a warning, both names together are a problem.
 *
 * @param root - Of one layer: settings of several layers are one setting, whatever they are called.
 */
export function withPresentNames(root: LocatedMap, problems: ProblemList, warnings: ProblemList): LocatedMap {
  const sections = new Map(root.entries);
  for (const [section, old, present] of RENAMED) {
    const entry = sections.get(section);
    if (entry?.value.kind !== 'map') continue;
    const found = entry.value.entries.get(old);
    if (found === undefined) continue;
    const key = `${section}.${old}`;
    if (entry.value.entries.has(present)) {
      problems.add(
        found.at,
        key,
        `${key} is the old name of ${section}.${present}, which is set too; keep ${quoted(present)} only`,
      );
    } else warnings.add(found.at, key, `${key} is now called ${section}.${present}; rename it`);
    sections.set(section, { ...entry, value: renamed(entry.value, old, present, found) });
  }
  return { ...root, entries: sections };
}

function renamed(map: LocatedMap, old: string, present: string, found: LocatedEntry): LocatedMap {
  const entries = [...map.entries].filter(([key]) => key !== old);
  return { ...map, entries: new Map([[present, found], ...entries]) };
}
