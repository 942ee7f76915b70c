import { quoted, type ProblemList } from './config-problem.ts';
import type { GatewaySettings } from '../schema/configuration-schema.ts';
import { locate, type LocatedValue } from '../document/located-value.ts';

/** A token of fewer characters cannot hold 128 bits, whatever they are (a character is one octet). */
const SHORTEST_TOKEN = 16;
const OWNER = 'the owner';

export interface TokenFindings {
  readonly problems: Pick<ProblemList, 'add'>;
  readonly warnings: Pick<ProblemList, 'add'>;
}

/**
 * Refuses names and tokens of clients that are given twice, and tokens that can be guessed; warns of those
 * without effect.
 */
export function checkTokens(
  { auth }: GatewaySettings,
  root: LocatedValue,
  { problems, warnings }: TokenFindings,
): void {
  const names = new Set<string>();
  const owners = new Map<string, string>();
  const check = (path: readonly PropertyKey[], token: string, owner: string): void => {
    const { value, key } = locate(root, path);
    const other = owners.get(token);
    if (other !== undefined)
      problems.add(value.at, key, `${key} is the token of ${other} too; give each its own`);
    else owners.set(token, owner);
    if (auth.mode === 'open') {
      warnings.add(value.at, key, `${key} has no effect while auth.mode is "open"`);
      return;
    }
    // guard: config/short-token
    if (token.length < SHORTEST_TOKEN)
      problems.add(
        value.at,
        key,
        `${key} has fewer than ${SHORTEST_TOKEN} characters (128 bits) and may be guessed; "openssl rand -hex 32" prints one that cannot`,
      );
  };
  if (auth.token !== undefined) check(['auth', 'token'], auth.token, OWNER);
  for (const [index, { name, token }] of auth.tokens.entries()) {
    const { value, key } = locate(root, ['auth', 'tokens', index, 'name']);
    if (names.has(name)) problems.add(value.at, key, `${key}: there is a token of ${quoted(name)} already`);
    names.add(name);
    check(['auth', 'tokens', index, 'token'], token, quoted(name));
  }
}
