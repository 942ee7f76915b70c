import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCorpus, type CorpusValue } from './fidelity/corpus-values.ts';
import { inParallel } from './fidelity/in-parallel.ts';
import { openHttpClient, openStdioClient, type Era, type RawClient } from './fidelity/raw-client.ts';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { startRawHttpUpstream, type RawHttpUpstream } from './harness/raw-http-upstream.ts';
import { startOmni, writeConfiguration, type Omni, type OmniFolder } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

/** Calls at a time; a session takes 100. */
const WIDTH = 48;
const CONNECTIONS = 24;
const ERAS: readonly Era[] = ['legacy', 'modern'];
const FRONTS = ['http', 'stdio'] as const;
const TRANSPORTS = ['stdio', 'http'] as const;
const LINE_BREAKS = /[\r\n]+/g;

let corpus: readonly CorpusValue[];
let omni: Omni;
let stdioFolder: OmniFolder;
let records: string;
const http: Partial<Record<Era, RawHttpUpstream>> = {};
/** Numbers of calls, unique in the whole file, so that the records of the servers tell them apart. */
let lastCall = 0;

beforeAll(async () => {
  corpus = await readCorpus();
  http.legacy = await startRawHttpUpstream('legacy');
  http.modern = await startRawHttpUpstream('modern');
  records = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(records, { recursive: true, force: true }));
  const servers = (front: string): Record<string, unknown> => ({
    'stdio-legacy': scriptedEntry(['--record', join(records, `${front}-legacy`)]),
    'stdio-modern': scriptedEntry(['--era', 'modern', '--record', join(records, `${front}-modern`)]),
    'http-legacy': { type: 'http', url: http.legacy?.url },
    'http-modern': { type: 'http', url: http.modern?.url },
  });
  omni = await startOmni({ mcpServers: servers('http') });
  await omni.ready();
  stdioFolder = await writeConfiguration({ mcpServers: servers('stdio') });
}, 60_000);

afterAll(endEverything, 30_000);

/** What each call brought to the server, by its number. */
async function arrived(front: string, transport: string, era: Era): Promise<ReadonlyMap<number, string>> {
  const text = transport === 'stdio' ? await readFile(join(records, `${front}-${era}`), 'utf8') : (http[era]?.bodies.join('\0') ?? '');
  const messages = text.split(transport === 'stdio' ? '\n' : '\0');
  return new Map(messages.map((message) => [Number(/"arguments":\{"n":(\d+),/.exec(message)?.[1] ?? -1), message]));
}

interface Lost {
  readonly text: string;
  readonly got: string | undefined;
}

const clients = new Map<string, Promise<RawClient>>();

function clientOf(front: (typeof FRONTS)[number], era: Era): Promise<RawClient> {
  const known = clients.get(front + era);
  if (known !== undefined) return known;
  const client = front === 'http' ? openHttpClient(omni.url, era, CONNECTIONS) : openStdioClient(stdioFolder, era);
  clients.set(front + era, client);
  return client;
}

/** Sends values and tells which came changed to the server, and which came back changed. */
async function send(
  values: readonly CorpusValue[],
  leg: { readonly front: (typeof FRONTS)[number]; readonly era: Era; readonly transport: string; readonly serverEra: Era },
  written: (text: string) => string = (text) => text,
): Promise<{ readonly onTheWay: readonly Lost[]; readonly onTheWayBack: readonly Lost[] }> {
  const client = await clientOf(leg.front, leg.era);
  const sent: { readonly n: number; readonly text: string }[] = [];
  const onTheWayBack: Lost[] = [];
  await inParallel(values, WIDTH, async ({ text }) => {
    const n = ++lastCall;
    sent.push({ n, text });
    const answer = await client.call(n, `${leg.transport}-${leg.serverEra}__mirror`, `{"n":${n},"value":${text}}`);
    const expected = `{"n":${n},"value":${written(text)}}`;
    if (!answer.endsWith(`"content":[],"structuredContent":${expected},"x-mirror":${expected}}}`)) onTheWayBack.push({ text, got: answer });
  });
  const received = await arrived(leg.front, leg.transport, leg.serverEra);
  const onTheWay = sent.flatMap(({ n, text }): Lost[] => {
    const got = received.get(n);
    return got?.includes(`"name":"mirror","arguments":{"n":${n},"value":${written(text)}}`) ? [] : [{ text, got }];
  });
  return { onTheWay, onTheWayBack };
}

for (const era of ERAS) {
  for (const front of FRONTS) {
    for (const serverEra of ERAS) {
      for (const transport of TRANSPORTS) {
        describe(`a ${era} client over ${front} and a ${serverEra} server over ${transport}`, () => {
          const leg = { front, era, transport, serverEra };

          it('exchange every value of the corpus byte for byte', async () => {
            const values = corpus.filter(({ category }) => category !== 'line breaks' && category !== 'beyond the limits');
            expect(values.length).toBeGreaterThanOrEqual(5_000);
            const { onTheWay, onTheWayBack } = await send(values, leg);
            expect([onTheWay.length, onTheWay.slice(0, 3)]).toEqual([0, []]);
            expect([onTheWayBack.length, onTheWayBack.slice(0, 3)]).toEqual([0, []]);
          }, 60_000);

          if (front === 'http') {
            it(`exchange line breaks between tokens ${transport === 'http' ? 'as they are' : 'as blanks, since a line is a message'}`, async () => {
              const values = corpus.filter(({ category }) => category === 'line breaks');
              const written = transport === 'http' ? undefined : (text: string): string => text.replace(LINE_BREAKS, ' ');
              expect(await send(values, leg, written)).toEqual({ onTheWay: [], onTheWayBack: [] });
            }, 10_000);
          }
        });
      }
    }

    describe(`a ${era} client over ${front}`, () => {
      it('is refused what the limits of Omni do not allow, and told so', async () => {
        const client = await clientOf(front, era);
        for (const { text } of corpus.filter(({ category }) => category === 'beyond the limits')) {
          const n = ++lastCall;
          expect(await client.call(n, 'http-legacy__mirror', `{"n":${n},"value":${text}}`)).toContain('"code":"OMNI_MESSAGE_TOO_COMPLEX"');
          expect(http.legacy?.bodies.some((body) => body.includes(`{"n":${n},`))).toBe(false);
        }
      }, 10_000);
    });
  }
}
