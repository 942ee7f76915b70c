import type { ClientName } from './matrix-client.ts';
import type { ServerName } from './servers.ts';

/** One cell that does not work, or is not tried. */
interface Reason {
  readonly clients?: readonly ClientName[];
  readonly servers?: readonly ServerName[];
  readonly features: readonly string[];
  readonly text: string;
}

const REASONS: readonly Reason[] = [
  {
    clients: ['SDK 1.x', 'SDK 2.x legacy'],
    servers: ['SDK 2.x HTTP, both eras'],
    features: ['sampling', 'elicitation form', 'elicitation URL', 'roots', 'subscribe'],
    text: 'Such a server answers legacy requests without sessions, where it can neither ask nor remember a subscription, and Omni speaks legacy to it for legacy clients. With `"protocol": "2026-07-28"` in its entry Omni crosses the eras instead: see the row below.',
  },
];

/** Features that are not tried here, and why. */
export const UNTRIED: Readonly<Record<string, string>> = {
  tasks:
    'Not tried with the SDKs. Omni hides tasks across the eras. Within one era they pass at the endpoint of the one server, each to the principal that has started it: `advisories-of-principals.test.ts`.',
};

/** Why a cell does not work; `undefined` when it has to. */
export function reasonFor(client: ClientName, server: ServerName, feature: string): string | undefined {
  if (UNTRIED[feature] !== undefined) return UNTRIED[feature];
  return REASONS.find(
    (reason) =>
      reason.features.includes(feature) && (reason.clients?.includes(client) ?? true) && (reason.servers?.includes(server) ?? true),
  )?.text;
}
