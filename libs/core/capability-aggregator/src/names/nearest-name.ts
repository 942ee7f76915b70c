/** Longest name that is compared; longer ones are no typing mistakes. */
const MAX_LENGTH = 128;
/** Most names that are compared: an unknown name must not cost much more than a known one. */
const MAX_COMPARED = 1_000;
const MAX_DISTANCE = 3;
/** A candidate is at most as much longer as it may differ. */
const ROW_LENGTH = MAX_LENGTH + MAX_DISTANCE + 1;

/** Two lines of the table of distances, used in turn. */
type Rows = readonly [Uint8Array, Uint8Array];

/**
 * The name that somebody may have meant: at most three letters, and a third of them, differ; `undefined` when
 * there is none.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let limit = Math.min(MAX_DISTANCE, Math.floor(name.length / 3));
  let compared = 0;
  const rows: Rows = [new Uint8Array(ROW_LENGTH), new Uint8Array(ROW_LENGTH)];
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) > limit) continue;
    const distance = editDistance(name, candidate, limit, rows);
    if (distance <= limit) {
      best = candidate;
      limit = distance - 1;
    }
    compared += 1;
    if (compared >= MAX_COMPARED || limit < 1) break;
  }
  return best;
}

/**
 * Levenshtein: insertions, deletions and replacements. Any number above `limit` when there are more than
 * that.
 */
function editDistance(a: string, b: string, limit: number, rows: Rows): number {
  const tooFar = limit + 1;
  let [row, next] = rows;
  for (let j = 0; j <= b.length; j += 1) row[j] = Math.min(j, tooFar);
  for (let i = 1; i <= a.length; i += 1) {
    // Cells further than `limit` from the diagonal cannot be on the way.
    const from = Math.max(1, i - limit);
    const to = Math.min(b.length, i + limit);
    next[from - 1] = from === 1 ? Math.min(i, tooFar) : tooFar;
    if (to < b.length) next[to + 1] = tooFar;
    let smallest = next[from - 1] ?? tooFar;
    for (let j = from; j <= to; j += 1) {
      const replaced = (row[j - 1] ?? tooFar) + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      const distance = Math.min(replaced, (row[j] ?? tooFar) + 1, (next[j - 1] ?? tooFar) + 1, tooFar);
      next[j] = distance;
      smallest = Math.min(smallest, distance);
    }
    if (smallest > limit) return tooFar;
    [row, next] = [next, row];
  }
  return row[b.length] ?? tooFar;
}
