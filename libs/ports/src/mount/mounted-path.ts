import { GatewayError } from '../errors/gateway-error.ts';

/**
 * Takes the slashes at the end off.
 *
 * @returns Empty for the root; otherwise it begins with a slash, e.g. `/omni`.
 */
export function normalBasePath(basePath: string | undefined): string {
  const path = (basePath ?? '').replace(/\/+$/, '');
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}

/**
 * @param basePath - See {@link normalBasePath}.
 * @param path - As sent, without the query.
 * @returns The path within the handler, `/` for the base path itself; `undefined` for a path elsewhere.
 */
export function pathWithin(basePath: string, path: string): string | undefined {
  if (basePath === '') return path;
  if (!path.startsWith(basePath)) return undefined;
  const rest = path.slice(basePath.length);
  // guard: mount/base-path
  if (rest !== '' && !rest.startsWith('/')) return undefined;
  return rest === '' ? '/' : rest;
}

/** The error for a path that {@link pathWithin} does not find. */
export function outsideOf(basePath: string): GatewayError {
  return new GatewayError('OMNI_PATH_UNKNOWN', `Omni is not served at this path but below ${basePath}`, {
    hint: `MCP is at ${basePath}/mcp. If the server serves the handler elsewhere, correct basePath of the handler.`,
  });
}
