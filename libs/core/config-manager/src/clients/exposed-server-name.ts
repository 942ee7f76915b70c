import { shortHash } from '@omni/model';

/** What fits into tool names and paths as it is. */
const USABLE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const MAX_KEPT = 16;

/**
 * What a server is called in tool names, addresses and reports: its name where that fits, else the telling
 * part of it and a hash.
 *
 * Depends on the name alone, so that it outlives every change of the file it stands in; matches
 * `[A-Za-z0-9][A-Za-z0-9._-]{0,31}`.
 */
export function exposedServerName(name: string): string {
  if (USABLE.test(name)) return name;
  // Of `github.com/owner/servers/tree/main/src/git` and `io.github.owner/git` the last part tells most.
  const part = name.split(/[/\\]/).findLast((segment) => /[A-Za-z0-9]/.test(segment)) ?? '';
  const kept = part
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, MAX_KEPT)
    .replace(/-+$/, '');
  return `${kept === '' ? 'server' : kept}-${shortHash(name)}`;
}
