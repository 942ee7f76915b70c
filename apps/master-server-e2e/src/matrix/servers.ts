import { fileURLToPath } from 'node:url';
import { startServer } from '../harness/start-server.ts';
import { sdk1Entry, SDK1_HTTP, type UpstreamEntry } from '../harness/upstream-entries.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const SDK2 = here('sdk2-main.ts');

/** A server of the matrix: how it is started, and the entry for it. */
interface MatrixServer {
  /** Arguments for Node; absent for a server that Omni starts. */
  readonly args?: readonly string[];
  readonly entry: (url: string) => UpstreamEntry;
}

/** The servers of the matrix, by what they are called there. */
const SERVERS = {
  'SDK 1.x stdio': { entry: sdk1Entry },
  'SDK 1.x HTTP with sessions': { args: SDK1_HTTP, entry: (url: string) => ({ type: 'http', url }) },
  'SDK 1.x HTTP+SSE': { args: [here('sdk1-sse-main.ts')], entry: (url: string) => ({ type: 'sse', url }) },
  'SDK 2.x HTTP, both eras': { args: [SDK2, '--http'], entry: (url: string) => ({ type: 'http', url }) },
  'SDK 2.x HTTP, both eras, `protocol` set': {
    args: [SDK2, '--http'],
    entry: (url: string) => ({ type: 'http', url, protocol: '2026-07-28' }),
  },
  'SDK 2.x HTTP, modern only': { args: [SDK2, '--modern'], entry: (url: string) => ({ type: 'http', url }) },
  'SDK 2.x stdio': { entry: () => ({ command: process.execPath, args: [SDK2, '--stdio'] }) },
} as const satisfies Readonly<Record<string, MatrixServer>>;

export type ServerName = keyof typeof SERVERS;

// The keys are what it is made of.
export const SERVER_NAMES = Object.keys(SERVERS) as ServerName[];

/** Starts what Omni does not start itself, and gives the entry of each server. */
export async function startServers(): Promise<ReadonlyMap<ServerName, UpstreamEntry>> {
  const entries = await Promise.all(
    SERVER_NAMES.map(async (name): Promise<[ServerName, UpstreamEntry]> => {
      const server: MatrixServer = SERVERS[name];
      return [name, server.entry(server.args === undefined ? '' : (await startServer(server.args)).url)];
    }),
  );
  return new Map(entries);
}
