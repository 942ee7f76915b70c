import type { ConfigSource } from '../document/config-source.ts';
import { textAt, type LocatedMap } from '../document/located-value.ts';
import type { ClientFormat } from './client-format.ts';
import { ANY_CLIENT, CLIENT_FORMATS } from './client-formats.ts';

/** Whose file a source is, and where what stands in it starts. */
export interface Reading {
  readonly format: ClientFormat;
  /** The folder in which the client would run its servers; `undefined` where only the client knows. */
  readonly project: string | undefined;
}

/** What Omni's own files are called. */
const OWN_FILE = /(?:^|\/)(?:omni|default|local)(?:[.-][^/]*)?\.(?:ya?ml|jsonc?)$/;
/** Sections of Omni that no client's file has beside its servers. */
const OWN_SECTIONS: readonly string[] = [
  'server',
  'naming',
  'sealing',
  'limits',
  'defaults',
  'auth',
  'logging',
  'telemetry',
];

/**
 * Tells a client's file from Omni's own, by name and place, by the keys of its root, and then by its form.
 *
 * @returns `undefined` for Omni's own.
 */
export function recogniseClient(
  { path, place = path, role }: ConfigSource,
  root: LocatedMap,
): Reading | undefined {
  if (role === 'server') return undefined;
  const folded = place.replaceAll('\\', '/').toLowerCase();
  if (root.entries.size === 0) return undefined;
  // Before the name: `.amazonq/default.json` is a client's.
  const byPlace = CLIENT_FORMATS.find(({ files }) => files?.test(folded) === true);
  if (byPlace !== undefined) return reading(byPlace, place);
  if (OWN_FILE.test(folded)) return undefined;
  const bySign = CLIENT_FORMATS.find((format) => hasSign(format, root));
  if (bySign !== undefined) return reading(bySign, place);
  if (OWN_SECTIONS.some((key) => root.entries.has(key))) return undefined;
  const isYaml = /\.ya?ml$/.test(folded);
  return isYaml && !/mcp/.test(folded.slice(folded.lastIndexOf('/') + 1)) && !hasForeignBlock(root)
    ? undefined
    : reading(ANY_CLIENT, place);
}

function hasSign({ signs = [], schema }: ClientFormat, root: LocatedMap): boolean {
  return (
    signs.some((key) => root.entries.has(key)) ||
    (schema !== undefined && textAt(root, '$schema')?.includes(schema) === true)
  );
}

/** Blocks that Omni's own files do not have. */
function hasForeignBlock(root: LocatedMap): boolean {
  return root.entries.has('extensions') || root.entries.get('mcpServers')?.value.kind === 'list';
}

function reading(format: ClientFormat, place: string): Reading {
  return { format, project: projectOf(format, place) };
}

/** `/a/b` for `/a/b/.cursor/mcp.json` and `/a/b/.mcp.json`; nothing for `/a/Code/User/mcp.json`. */
function projectOf({ files, startsAt }: ClientFormat, place: string): string | undefined {
  const path = place.replaceAll('\\', '/');
  const folder = folderOf(path);
  const match = startsAt === 'project' ? files?.exec(path.toLowerCase()) : undefined;
  if (match === null || match === undefined) {
    // Unknown clients keep the habit of known ones: `.tool/mcp.json` is the file of the project around it.
    const hidden = /(?:^|\/)(\.(?!(?:config|local|cache)\/)[^./][^/]*\/)[^/]*$/.exec(path);
    return hidden === null ? undefined : folderOf(path.slice(0, path.length - hidden[0].length + 1));
  }
  const matched = match[0].replace(/^\//, '');
  if (!matched.includes('/')) return folder;
  return matched.startsWith('.') ? folderOf(path.slice(0, path.length - matched.length)) : undefined;
}

/** The folder of a path without a `/` at its end; `.` where it has none. */
function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '.' : path.slice(0, at) || '/';
}
