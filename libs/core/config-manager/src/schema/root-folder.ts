const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/]|\\\\|file:\/\/\/?[^/])/;

/**
 * Whether a folder can be named to a server, which may run anywhere: a relative path would mean another
 * folder there.
 */
export function isRootFolder(folder: string): boolean {
  return ABSOLUTE.test(folder);
}

/**
 * The folder as MCP names it.
 *
 * @param folder - An absolute path, of POSIX or Windows, or a `file:` URI.
 * @see MCP 2025-11-25, client/roots, "Root"; RFC 8089.
 */
export function rootUri(folder: string): string {
  if (folder.startsWith('file://')) return folder;
  const isPosix = folder.startsWith('/');
  const path = (isPosix ? folder : folder.replaceAll('\\', '/'))
    .split('/')
    .map((segment) => encodeURIComponent(segment))
    .join('/')
    .replace(/^([A-Za-z])%3A/, '$1:');
  if (path.startsWith('//')) return `file:${path}`;
  return `file://${isPosix ? '' : '/'}${path}`;
}
