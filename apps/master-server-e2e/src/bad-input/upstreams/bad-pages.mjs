/** Pages of `tools/list` that never end well. */

/** @param {string} name */
const tool = (name) => ({ name, inputSchema: { type: 'object' } });

/**
 * @param {string} kind - What is wrong with the pages.
 * @param {string | undefined} cursor - As Omni sent it.
 * @returns {{ tools: object[], nextCursor?: unknown }}
 */
export function badPage(kind, cursor) {
  const at = cursor === undefined ? 0 : Number(/\d+/.exec(cursor)?.[0] ?? 0);
  switch (kind) {
    case 'loop':
      return { tools: [tool(`t${cursor ?? 'first'}`)], nextCursor: cursor === 'A' ? 'B' : 'A' };
    case 'endless':
      return { tools: [tool(`t${at}`)], nextCursor: `c${at + 1}` };
    case 'endless-many':
      return {
        tools: Array.from({ length: 500 }, (_, index) => tool(`t${at}-${index}`)),
        nextCursor: `c${at + 1}`,
      };
    case 'empty':
      return { tools: at === 5 ? [tool('last')] : [], ...(at < 5 ? { nextCursor: `c${at + 1}` } : {}) };
    case 'blank-cursor':
      return cursor === undefined
        ? { tools: [tool('first')], nextCursor: '' }
        : { tools: [tool('second')], ...(cursor === '' ? { nextCursor: '' } : {}) };
    case 'long-cursor':
      return { tools: [tool('first')], nextCursor: 'c'.repeat(1_048_576) };
    case 'odd-cursor':
      return { tools: [tool('first')], nextCursor: { at: 1 } };
    default:
      return { tools: [tool('only')] };
  }
}
