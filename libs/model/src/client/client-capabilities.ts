import { applyEdits, type JsonMember, memberDrops, scanJson, withoutMembers } from '@omni/jsonrpc';

const LIMITS = { maxDepth: 128, maxElements: 100_000 };
/** What one era can ask of a client of the other one. */
const RELAYED: ReadonlySet<string> = new Set([
  'sampling',
  'elicitation',
  'roots',
  'experimental',
  'extensions',
]);
/** Members that say nothing when they are empty. */
const CONTAINERS: ReadonlySet<string> = new Set(['experimental', 'extensions']);
/**
 * The two eras have tasks of their own that do not fit each other (MCP 2025-11-25, basic/utilities/tasks).
 */
const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/**
 * The part of a client's capabilities that an upstream of the other era can make use of; values stay byte for
 * byte.
 *
 * Tasks are hidden, and so is `roots.listChanged`: its notification exists in one era only.
 *
 * @param capabilities - JSON; what is no object counts as none.
 * @see PROTO-R15; decision 0010.
 */
export function capabilitiesAcrossEras(capabilities: string): string {
  const scan = scanJson(capabilities, LIMITS, { roots: {}, extensions: {} });
  if (scan.kind !== 'object') return '{}';
  const members = scan.object.members

    // guard: capabilities/relayed
    .filter(({ key }) => RELAYED.has(key))
    .map((member) => ({ key: member.key, json: relayed(capabilities, member) }));
  const kept = members.filter(({ key, json }) => !CONTAINERS.has(key) || !/^\{\s*\}$/.test(json));
  return `{${kept.map(({ key, json }) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
}

/** What cannot hold the name is not read; a name may be written with escapes. */
const MAY_NAME_ROOTS = /roots|\\u/;

/**
 * The same capabilities without the promise to name folders, for a server that is not to hear of them from
 * its clients; everything else stays byte for byte.
 *
 * @param capabilities - JSON; what cannot be read counts as none.
 */
export function withoutRoots(capabilities: string): string {
  if (!MAY_NAME_ROOTS.test(capabilities)) return capabilities;
  const scan = scanJson(capabilities, LIMITS);
  if (scan.kind !== 'object') return '{}';
  const drops = memberDrops(capabilities, scan.object, ({ key }) => key === 'roots');
  return applyEdits(capabilities, drops);
}

function relayed(text: string, { key, object, start, end }: JsonMember): string {
  if (object === undefined) return text.slice(start, end);
  return withoutMembers(
    text,
    object,
    (name) => name === (key === 'roots' ? 'listChanged' : /* guard: capabilities/tasks */ TASKS_EXTENSION),
  );
}
