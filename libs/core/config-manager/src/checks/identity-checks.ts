import { quoted } from './config-problem.ts';
import type { TokenFindings } from './token-checks.ts';
import type { GatewaySettings } from '../schema/configuration-schema.ts';
import { locate, type LocatedValue } from '../document/located-value.ts';

/** Refuses what cannot be meant of how principals are known; warns of what has no effect. */
export function checkIdentity(
  { auth }: GatewaySettings,
  root: LocatedValue,
  { problems, warnings }: TokenFindings,
): void {
  const refuse = (path: readonly PropertyKey[], why: string): void => {
    const { value, key } = locate(root, ['auth', ...path]);
    problems.add(value.at, key, `${key} ${why}`);
  };
  const { publicUrl, issuers, proxy, apiKeys } = auth;
  if (auth.mode === 'open')
    for (const name of ['issuers', 'proxy', 'apiKeys'] as const) {
      const { value, key } = locate(root, ['auth', name]);
      const isGiven = name === 'issuers' ? issuers.length > 0 : auth[name] !== undefined;
      if (isGiven) warnings.add(value.at, key, `${key} has no effect while auth.mode is "open"`);
    }
  if (issuers.length > 0 && publicUrl === undefined)
    refuse(['issuers'], 'needs auth.publicUrl: tokens are for the address under which clients reach Omni');
  const [names, identifiers] = [new Set<string>(), new Set<string>()];
  let asked: string | undefined;
  for (const [index, { name, issuer, introspection }] of issuers.entries()) {
    if (names.has(name))
      refuse(['issuers', index, 'name'], `is the name of another issuer too: ${quoted(name)}`);
    if (identifiers.has(issuer)) refuse(['issuers', index, 'issuer'], 'is named twice');
    names.add(name);
    identifiers.add(issuer);
    if (introspection === undefined) continue;
    if (asked !== undefined)
      refuse(
        ['issuers', index, 'introspection'],
        `is the second one, after that of ${quoted(asked)}: a token would be shown to both`,
      );
    asked = name;
  }
  for (const [index, address] of (proxy?.addresses ?? []).entries())
    if (!isNetwork(address))
      refuse(['proxy', 'addresses', index], 'is no address and no network such as 10.0.0.0/8');
  const [keyNames, macs] = [new Set<string>(), new Set<string>()];
  for (const [index, { name, mac }] of (apiKeys?.keys ?? []).entries()) {
    if (keyNames.has(name))
      refuse(['apiKeys', 'keys', index, 'name'], `is the name of another key too: ${quoted(name)}`);
    if (macs.has(mac.toLowerCase())) refuse(['apiKeys', 'keys', index, 'mac'], 'is that of another key too');
    keyNames.add(name);
    macs.add(mac.toLowerCase());
  }
}

/** Roughly: what is left over is refused at the start. */
function isNetwork(text: string): boolean {
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:\/\d{1,3})?)$/.test(text);
}
