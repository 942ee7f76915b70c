import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCorpus, type CorpusValue } from './fidelity/corpus-values.ts';
import { inParallel } from './fidelity/in-parallel.ts';
import { isWhole, nameOf, partOf, SIDES, type Leg, type Side, type Transport } from './fidelity/legs.ts';
import { openSocketClient, openSseClient, openWebSocketClient } from './fidelity/message-client.ts';
import { startSocketMirror, startSseMirror, startWebSocketMirror } from './fidelity/mirror-upstreams.ts';
import { openHttpClient, openStdioClient, type Era, type RawClient } from './fidelity/raw-client.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { startRawHttpUpstream } from './harness/raw-http-upstream.ts';
import { startOmni, writeConfiguration, type Omni, type OmniFolder } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

/** Calls at a time; a session takes 100. */
const WIDTH = 48;
const CONNECTIONS = 24;
const ERAS: readonly Era[] = ['legacy', 'modern'];
/** Transports of servers on which a message is a line. */
const LINES: ReadonlySet<Transport> = new Set(['stdio', 'unix', 'tcp']);

let corpus: readonly CorpusValue[];
let omni: Omni;
let stdioFolder: OmniFolder;
let folder: string;
/** What the servers in this process have received, by their names. */
const bodies = new Map<string, readonly string[]>();
/** How much of each record has been looked at. */
const seen = new Map<string, number>();
/** Numbers of calls, unique in the whole file, so that the records of the servers tell them apart. */
let lastCall = 0;

beforeAll(async () => {
  corpus = await readCorpus();
  folder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const mirrors = await startMirrors();
  const servers = (front: string): Record<string, unknown> => ({
    'stdio-legacy': scriptedEntry(['--record', join(folder, `${front}-legacy`)]),
    'stdio-modern': scriptedEntry(['--era', 'modern', '--record', join(folder, `${front}-modern`)]),
    ...mirrors,
  });
  const server = { unixSocket: join(folder, 'front.sock'), tcp: '127.0.0.1:0', legacySse: true };
  omni = await startOmni({ server, mcpServers: servers('network') });
  await omni.ready();
  stdioFolder = await writeConfiguration({ mcpServers: servers('stdio') });
}, 60_000);

afterAll(endEverything, 30_000);

/** Starts the servers that Omni does not start. @returns Their entries. */
async function startMirrors(): Promise<Record<string, unknown>> {
  const entries: Record<string, unknown> = {};
  for (const era of ERAS) {
    const http = await startRawHttpUpstream(era);
    const mirrors = [
      ['http', { entry: { type: 'http', url: http.url }, bodies: http.bodies }],
      ['ws', await startWebSocketMirror(era)],
      ['unix', await startSocketMirror(era, join(folder, `${era}.sock`))],
      ['tcp', await startSocketMirror(era)],
      ...(era === 'legacy' ? ([['sse', await startSseMirror()]] as const) : []),
    ] as const;
    for (const [transport, mirror] of mirrors) {
      entries[`${transport}-${era}`] = mirror.entry;
      bodies.set(`${transport}-${era}`, mirror.bodies);
    }
  }
  return entries;
}

/** What each call brought to the server since this was asked last, by its number. */
async function arrived({ client, server }: Leg): Promise<ReadonlyMap<number, string>> {
  const file = join(folder, `${client.transport === 'stdio' ? 'stdio' : 'network'}-${server.era}`);
  const record = server.transport === 'stdio' ? file : nameOf(server);
  const messages =
    server.transport === 'stdio' ? (await readFile(file, 'utf8')).split('\n') : (bodies.get(record) ?? []);
  // A file ends with a line break, behind which the next message comes.
  const fresh = messages.slice(seen.get(record) ?? 0);
  seen.set(record, messages.length - (server.transport === 'stdio' ? 1 : 0));
  return new Map(
    fresh.map((message) => [Number(/"arguments":\{"n":(\d+),/.exec(message)?.[1] ?? -1), message]),
  );
}

interface Lost {
  readonly text: string;
  readonly got: string | undefined;
}

const clients = new Map<string, Promise<RawClient>>();

function clientOf(side: Side): Promise<RawClient> {
  const known = clients.get(nameOf(side));
  if (known !== undefined) return known;
  const client = open(side);
  clients.set(nameOf(side), client);
  return client;
}

function open({ transport, era }: Side): Promise<RawClient> {
  switch (transport) {
    case 'http':
      return openHttpClient(omni.url, era, CONNECTIONS);
    case 'stdio':
      return openStdioClient(stdioFolder, era);
    case 'ws':
      return openWebSocketClient(omni.url.replace('http:', 'ws:'), era);
    case 'unix':
      return openSocketClient({ path: join(folder, 'front.sock') }, era);
    case 'tcp':
      return openSocketClient(
        {
          host: '127.0.0.1',
          port: Number(/and on tcp:\/\/127\.0\.0\.1:(\d+)/.exec(omni.process.stderr)?.[1]),
        },
        era,
      );
    case 'sse':
      return openSseClient(`${omni.origin}/sse`, CONNECTIONS);
  }
}

/** How a value is written where it arrives. */
interface Written {
  readonly there: (text: string) => string;
  readonly back: (text: string) => string;
}

const asItIs = (text: string): string => text;

/** Sends values and tells which came changed to the server, and which came back changed. */
async function send(
  values: readonly CorpusValue[],
  leg: Leg,
  { there, back }: Written = { there: asItIs, back: asItIs },
): Promise<{ readonly onTheWay: readonly Lost[]; readonly onTheWayBack: readonly Lost[] }> {
  const client = await clientOf(leg.client);
  const sent: { readonly n: number; readonly text: string }[] = [];
  const onTheWayBack: Lost[] = [];
  await inParallel(values, WIDTH, async ({ text }) => {
    const n = ++lastCall;
    sent.push({ n, text });
    const answer = await client.call(n, `${nameOf(leg.server)}__mirror`, `{"n":${n},"value":${text}}`);
    const expected = `{"n":${n},"value":${back(text)}}`;
    if (!answer.endsWith(`"content":[],"structuredContent":${expected},"x-mirror":${expected}}}`))
      onTheWayBack.push({ text, got: answer });
  });
  const received = await arrived(leg);
  const onTheWay = sent.flatMap(({ n, text }): Lost[] => {
    const got = received.get(n);
    return got?.includes(`"name":"mirror","arguments":{"n":${n},"value":${there(text)}}`)
      ? []
      : [{ text, got }];
  });
  return { onTheWay, onTheWayBack };
}

function ordinaryValues(): readonly CorpusValue[] {
  return corpus.filter(({ category }) => category !== 'line breaks' && category !== 'beyond the limits');
}

async function expectIdentical(values: readonly CorpusValue[], leg: Leg): Promise<void> {
  const { onTheWay, onTheWayBack } = await send(values, leg);
  const name = `${nameOf(leg.client)} and ${nameOf(leg.server)}`;
  expect([name, onTheWay.length]).toEqual([name, 0]);
  expect([name, onTheWay.slice(0, 3)]).toEqual([name, []]);
  expect([name, onTheWayBack.length]).toEqual([name, 0]);
  expect([name, onTheWayBack.slice(0, 3)]).toEqual([name, []]);
}

const blanks = (text: string): string => text.replace(/[\r\n]+/g, ' ');
const lineFeeds = (text: string): string => text.replace(/\r\n?/g, '\n');

/** What becomes of line breaks between tokens; a client whose messages are lines cannot write any. */
function lineBreaksOn({ client, server }: Leg): Written | undefined {
  if (LINES.has(client.transport)) return undefined;
  const there = LINES.has(server.transport) ? blanks : asItIs;
  // A reader of events ends each line in the same way.
  const returned = server.transport === 'sse' ? (text: string): string => lineFeeds(there(text)) : there;
  // On other fronts than HTTP an answer is a line, or a field of an event.
  return { there, back: client.transport === 'http' ? returned : (text): string => blanks(returned(text)) };
}

for (const client of SIDES) {
  describe(`a ${client.era} client over ${client.transport}`, () => {
    const legs = SIDES.map((server): Leg => ({ client, server }));

    it.each(legs.filter(isWhole))(
      'and a $server.era server over $server.transport exchange every value of the corpus byte for byte',
      async (leg) => {
        expect(ordinaryValues().length).toBeGreaterThanOrEqual(5_000);
        await expectIdentical(ordinaryValues(), leg);
      },
      60_000,
    );

    it('and any other server exchange a part of the corpus byte for byte', async () => {
      for (const [index, leg] of legs.entries())
        if (!isWhole(leg))
          await expectIdentical(partOf(ordinaryValues(), SIDES.indexOf(client) + index), leg);
    }, 60_000);

    it('and any server exchange line breaks between tokens as they are, or as blanks where a line is a message', async () => {
      const values = corpus.filter(({ category }) => category === 'line breaks');
      for (const leg of legs) {
        const written = lineBreaksOn(leg);
        if (written !== undefined)
          expect([leg, await send(values, leg, written)]).toEqual([leg, { onTheWay: [], onTheWayBack: [] }]);
      }
    });

    it('is refused what the limits of Omni do not allow, and told so', async () => {
      const raw = await clientOf(client);
      for (const { text } of corpus.filter(({ category }) => category === 'beyond the limits')) {
        const n = ++lastCall;
        expect(await raw.call(n, 'http-legacy__mirror', `{"n":${n},"value":${text}}`)).toContain(
          '"code":"OMNI_MESSAGE_TOO_COMPLEX"',
        );
        expect(bodies.get('http-legacy')?.some((body) => body.includes(`{"n":${n},`))).toBe(false);
      }
    });
  });
}
