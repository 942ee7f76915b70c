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
  {
    clients: ['SDK 1.x', 'SDK 2.x legacy'],
    servers: [
      'SDK 2.x HTTP, both eras',
      'SDK 2.x HTTP, both eras, `protocol` set',
      'SDK 2.x HTTP, modern only',
      'SDK 2.x stdio',
    ],
    features: ['tasks'],
    text: 'A server on the SDK 2.x keeps no tasks of either era.',
  },
  {
    clients: ['SDK 2.x auto', 'SDK 2.x modern', 'raw'],
    servers: ['SDK 1.x stdio', 'SDK 1.x HTTP with sessions', 'SDK 1.x HTTP+SSE'],
    features: ['tasks'],
    text: 'The server keeps tasks of revision 2025-11-25, which the client’s revision does not have: Omni hides them across the eras.',
  },
  {
    clients: ['SDK 2.x auto', 'SDK 2.x modern', 'raw'],
    servers: [
      'SDK 2.x HTTP, both eras',
      'SDK 2.x HTTP, both eras, `protocol` set',
      'SDK 2.x HTTP, modern only',
      'SDK 2.x stdio',
    ],
    features: ['tasks'],
    text: 'The SDK 2.x does not have the extension `io.modelcontextprotocol/tasks`: its clients refuse a result of the type "task", its servers give none. Tried as text with a server that is nothing but text: `tasks.test.ts`.',
  },
];

/** Why a cell does not work; `undefined` when it has to. */
export function reasonFor(client: ClientName, server: ServerName, feature: string): string | undefined {
  return REASONS.find(
    (reason) =>
      reason.features.includes(feature) &&
      (reason.clients?.includes(client) ?? true) &&
      (reason.servers?.includes(server) ?? true),
  )?.text;
}
