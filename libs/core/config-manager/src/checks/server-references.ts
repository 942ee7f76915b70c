import { serverAndTool } from '@omni/ports';
import { locate, type LocatedValue } from '../document/located-value.ts';
import type { UpstreamConfig } from '../upstream-config.ts';
import { suggestion } from './closest-name.ts';
import { quoted, type ProblemList } from './config-problem.ts';

/**
 * Refuses what is to go to a server that is not there, and replicas of replicas.
 *
 * @param root - The whole configuration.
 * @param written - The names of the servers as they are written, by those that clients see.
 */
export function checkServerReferences(
  upstreams: readonly UpstreamConfig[],
  root: LocatedValue,
  {
    written,
    problems,
  }: { readonly written: ReadonlyMap<string, string>; readonly problems: Pick<ProblemList, 'add'> },
): void {
  const replicas = new Set(upstreams.flatMap(({ name, replica }) => (replica === undefined ? [] : [name])));
  for (const { name, replica, routing } of upstreams) {
    const own = ['mcpServers', written.get(name) ?? name];
    const refuse = (path: readonly string[], text: string, flaw: string): void => {
      const entry = locate(root, [...own, ...path]);
      // It may be said for all servers.
      const { value } = entry.key.endsWith(path.join('.')) ? entry : locate(root, path);
      const where = [...(value === entry.value ? own : []), ...path].join('.');
      const said = /* guard: config/inserted-server */ isWritten(value, text)
        ? `${quoted(text)} ${flaw}${suggestion(text, [...written.keys()])}`
        : `text from a variable ${flaw}`;
      problems.add(value.at, where, `${where}: ${said}`);
    };
    const need = (server: string | undefined, ...path: readonly string[]): void => {
      if (server !== undefined && !written.has(server)) refuse(path, server, 'is no server');
    };
    need(replica?.of, 'replica', 'of');
    if (replica !== undefined && replicas.has(replica.of))
      refuse(['replica', 'of'], replica.of, 'is a replica itself; name the server that it is one of');
    for (const server of routing?.failover ?? []) need(server, 'routing', 'failover');
    need(routing?.mirror?.to, 'routing', 'mirror', 'to');
    for (const [tool, text] of Object.entries(routing?.fallback ?? {}))
      if (serverAndTool(text, (server) => written.has(server)) === undefined)
        refuse(['routing', 'fallback', tool], text, 'is no tool of a server; write "server.tool"');
  }
}

/** What a reference has put in, or a variable, may be a secret. */
function isWritten(value: LocatedValue, text: string): boolean {
  if (value.kind === 'list') return value.items.some((item) => isWritten(item, text));
  return value.kind === 'scalar' && value.origin === 'written' && value.value === text;
}
