import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { endEverything } from './harness/end-everything.ts';
import { startOmni } from './harness/start-omni.ts';
import type { UpstreamEntry } from './harness/upstream-entries.ts';
import { compatibilityPage, type MatrixRow } from './matrix/compatibility-page.ts';
import { FEATURES } from './matrix/features.ts';
import { CLIENTS, type ClientName } from './matrix/matrix-client.ts';
import { reasonFor } from './matrix/reasons.ts';
import { SERVER_NAMES, startServers, type ServerName } from './matrix/servers.ts';

const PAGE = new URL('../../../docs/compatibility.md', import.meta.url);
// The keys are what it is made of.
const CLIENT_NAMES = Object.keys(CLIENTS) as ClientName[];
const COLUMNS = Object.keys(FEATURES);
/** A trial that takes longer has failed. */
const TRIAL_MS = 6_000;

/** What was found: `true`, or how it failed. */
const found = new Map<string, true | string>();

beforeAll(async () => {
  const servers = await startServers();
  const mcpServers: Record<string, UpstreamEntry> = {};
  // A connection that clients share keeps log messages back when it cannot tell whose they are: every client
  // has its own.
  for (const [index, server] of SERVER_NAMES.entries())
    for (const [own] of CLIENT_NAMES.entries())
      mcpServers[`s${index}c${own}`] = { ...servers.get(server), roots: 'pass' };
  const omni = await startOmni({ mcpServers });
  await omni.ready();
  await Promise.all(
    SERVER_NAMES.map(async (server, index) => {
      for (const [own, client] of CLIENT_NAMES.entries())
        await tryAll(`${omni.url}/s${index}c${own}`, client, server);
    }),
  );
}, 180_000);

afterAll(endEverything, 40_000);

async function tryAll(url: string, clientName: ClientName, server: ServerName): Promise<void> {
  const client = await CLIENTS[clientName](url);
  for (const [feature, trial] of Object.entries(FEATURES)) {
    const timeout = new Promise<string>((resolve) =>
      setTimeout(() => resolve('it took too long'), TRIAL_MS).unref(),
    );
    const outcome = trial({ client, url }).then(
      (works) => works || 'it was not as it should be',
      (error: unknown) => String(error).slice(0, 200),
    );
    found.set([clientName, server, feature].join('|'), await Promise.race([outcome, timeout]));
  }
}

for (const server of SERVER_NAMES) {
  describe(`a server on ${server}`, () => {
    for (const client of CLIENT_NAMES) {
      it(`gives a client on ${client} everything but what has a reason [PROTO-R27]`, () => {
        const outcomes = Object.keys(FEATURES).map(
          (feature) => [feature, found.get([client, server, feature].join('|'))] as const,
        );
        const failures = outcomes.filter(
          ([feature, outcome]) => outcome !== true && reasonFor(client, server, feature) === undefined,
        );
        const stale = outcomes.filter(
          ([feature, outcome]) => outcome === true && reasonFor(client, server, feature) !== undefined,
        );
        expect({ failures, stale }).toEqual({ failures: [], stale: [] });
      });
    }
  });
}

describe('docs/compatibility.md', () => {
  it('says what was found just now', async () => {
    const rows = CLIENT_NAMES.flatMap((client) =>
      SERVER_NAMES.map((server): MatrixRow => {
        const cells = COLUMNS.map(
          (feature) => [feature, reasonFor(client, server, feature) ?? true] as const,
        );
        return { client, server, cells: new Map(cells) };
      }),
    );
    const page = await format(compatibilityPage(rows), { parser: 'markdown', printWidth: 140 });
    if (process.env['OMNI_WRITE_DOCS'] === '1') await writeFile(PAGE, page);
    expect(await readFile(PAGE, 'utf8')).toBe(page);
  });
});
