/**
 * The same JSON for values that differ in spaces, escapes and the order of members only.
 *
 * @param json - Valid JSON of moderate depth.
 */
export function canonicalJson(json: string): string {
  return write(JSON.parse(json));
}

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join(',')}}`;
}
