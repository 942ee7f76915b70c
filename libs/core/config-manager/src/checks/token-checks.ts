import { quoted, type ProblemList } from './config-problem.ts';
import type { GatewaySettings } from '../schema/configuration-schema.ts';
import { locate, type LocatedValue } from '../document/located-value.ts';

/** A token shorter than this can be guessed. */
const SHORT_TOKEN = 16;
const OWNER = 'the owner';

export interface TokenFindings {
  readonly problems: Pick<ProblemList, 'add'>;
  readonly warnings: Pick<ProblemList, 'add'>;
}

/** Refuses names and tokens of clients that are given twice, and warns of tokens that protect little. */
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
    if (auth.mode === 'open') warnings.add(value.at, key, `${key} has no effect while auth.mode is "open"`);
    else if (token.length < SHORT_TOKEN)
      warnings.add(value.at, key, `${key} is shorter than ${SHORT_TOKEN} characters and may be guessed`);
  };
  if (auth.token !== undefined) check(['auth', 'token'], auth.token, OWNER);
  for (const [index, { name, token }] of auth.tokens.entries()) {
    const { value, key } = locate(root, ['auth', 'tokens', index, 'name']);
    if (names.has(name)) problems.add(value.at, key, `${key}: there is a token of ${quoted(name)} already`);
    names.add(name);
    check(['auth', 'tokens', index, 'token'], token, quoted(name));
  }
}
